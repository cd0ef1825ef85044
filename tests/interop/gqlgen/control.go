package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"iometer2mqtt.test/gqlgen/graph"
)

// counts is what the test asks for at the end: requests by transport, and each GraphQL error that was answered.
type counts struct {
	mutex      sync.Mutex
	requests   int
	transports map[string]int // WebSockets by the subprotocol offered; sse; post
	errors     []string
}

func newCounts() *counts {
	return &counts{transports: map[string]int{}, errors: []string{}}
}

func (c *counts) request(upgrade, stream bool, offered string) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	switch {
	case upgrade:
		c.transports[offered]++
	case stream:
		c.transports["sse"]++
	default:
		c.transports["post"]++
		c.requests++
	}
}

func (c *counts) note(text string) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.errors = append(c.errors, text)
}

type order struct {
	Action        string                `json:"action"`
	Readings      []*graph.MeterReading `json:"readings"`
	Received      *time.Time            `json:"received"`
	Installations []*graph.Installation `json:"installations"`
	ID            string                `json:"id"`
	Secret        string                `json:"secret"`
}

func (s *server) control(w http.ResponseWriter, r *http.Request) {
	var wanted order
	if err := json.NewDecoder(r.Body).Decode(&wanted); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	switch wanted.Action {
	case "push":
		s.feed.Push(wanted.Readings, wanted.Received)
	case "forget":
		s.feed.Forget()
	case "installations":
		s.resolver.SetInstallations(wanted.Installations)
	case "partner":
		s.signIn.setPartner(wanted.ID, wanted.Secret)
	case "drop":
		s.connections.drop()
	case "complete":
		s.feed.EndAll()
	case "stats":
	default:
		http.Error(w, fmt.Sprintf("unknown action %q", wanted.Action), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(s.stats())
}

func (s *server) stats() map[string]any {
	s.counts.mutex.Lock()
	defer s.counts.mutex.Unlock()
	s.signIn.mutex.Lock()
	defer s.signIn.mutex.Unlock()
	return map[string]any{
		"connections":     s.connections.count(),
		"subscriptions":   s.feed.Subscriptions(),
		"last_start_time": s.resolver.LastStartTime(),
		"http_requests":   s.counts.requests,
		"transports":      maps.Clone(s.counts.transports),
		"errors":          slices.Clone(s.counts.errors),
		"accepted":        maps.Clone(s.signIn.accepted),
		"refused":         maps.Clone(s.signIn.refused),
	}
}
