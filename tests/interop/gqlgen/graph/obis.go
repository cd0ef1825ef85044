package graph

import (
	"encoding/hex"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

var (
	hexForm     = regexp.MustCompile(`^([0-9a-fA-F]{2})-([0-9a-fA-F]{2}):([0-9a-fA-F]{2})\.([0-9a-fA-F]{2})\.([0-9a-fA-F]{2})\*([0-9a-fA-F]{2})$`)
	decimalForm = regexp.MustCompile(`^(?:(\d+)-(\d+):)?(\d+)\.(\d+)\.(\d+)(?:\*(\d+))?$`)
)

// inFormat writes a code, pushed in any of the documented forms, in the one that the client asked for.
func inFormat(code string, format ObisFormat) (string, error) {
	groups, err := groupsOf(code)
	if err != nil {
		return "", err
	}
	a, b, c, d, e, f := groups[0], groups[1], groups[2], groups[3], groups[4], groups[5]
	switch format {
	case ObisFormatHex:
		return fmt.Sprintf("%02x-%02x:%02x.%02x.%02x*%02x", a, b, c, d, e, f), nil
	case ObisFormatDecimal:
		return fmt.Sprintf("%d-%d:%d.%d.%d", a, b, c, d, e), nil
	case ObisFormatShort:
		return fmt.Sprintf("%d.%d.%d", c, d, e), nil
	case ObisFormatFull:
		return fmt.Sprintf("%d-%d:%d.%d.%d*%d", a, b, c, d, e, f), nil
	}
	return "", fmt.Errorf("no such format: %s", format)
}

func groupsOf(code string) ([6]byte, error) {
	groups := [6]byte{1, 0, 0, 0, 0, 255}
	if bytes, err := hex.DecodeString(code); err == nil && len(bytes) == 6 {
		return [6]byte(bytes), nil
	}
	if parts := hexForm.FindStringSubmatch(code); parts != nil {
		bytes, err := hex.DecodeString(strings.Join(parts[1:], ""))
		return [6]byte(bytes), err
	}
	parts := decimalForm.FindStringSubmatch(code)
	if parts == nil {
		return groups, fmt.Errorf("no OBIS code: %s", code)
	}
	for index, text := range parts[1:] {
		if text == "" {
			continue
		}
		number, err := strconv.ParseUint(text, 10, 8)
		if err != nil {
			return groups, err
		}
		groups[index] = byte(number)
	}
	return groups, nil
}
