package graph

import (
	"context"
	"net/url"
	"sync"
	"time"

	"github.com/google/uuid"
)

// Resolver answers the schema's fields from what the test set up.
type Resolver struct {
	Feed *Feed

	mutex         sync.Mutex
	installations []*Installation
	startTimes    []*time.Time
}

// SetInstallations takes the list as the control interface brings it; a meter within an installation belongs to it.
func (r *Resolver) SetInstallations(installations []*Installation) {
	for _, one := range installations {
		for _, meter := range append(one.Meters, one.CurrentMeter) {
			if meter != nil {
				meter.Installation = one
			}
		}
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.installations = installations
}

// LastStartTime is the newest subscription's argument; nil where there was none.
func (r *Resolver) LastStartTime() *time.Time {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if len(r.startTimes) == 0 {
		return nil
	}
	return r.startTimes[len(r.startTimes)-1]
}

func (r *Resolver) Query() QueryResolver                         { return queries{r} }
func (r *Resolver) Mutation() MutationResolver                   { return mutations{r} }
func (r *Resolver) Subscription() SubscriptionResolver           { return subscriptions{r} }
func (r *Resolver) MeterReadingValue() MeterReadingValueResolver { return readingValues{} }

type queries struct{ *Resolver }

func (queries) Partner(context.Context) (*Partner, error) {
	return &Partner{ID: uuid.MustParse("578936dc-8020-4022-a560-2f59d2dca9ee"), Name: "Interop partner"}, nil
}

func (q queries) Installations(_ context.Context, pagination *Pagination) ([]*Installation, error) {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	from, to := 0, len(q.installations)
	if pagination != nil && pagination.Offset != nil {
		from = min(max(*pagination.Offset, 0), to)
	}
	if pagination != nil && pagination.Limit != nil {
		to = min(from+max(*pagination.Limit, 0), to)
	}
	return q.installations[from:to], nil
}

func (q queries) Installation(_ context.Context, id uuid.UUID) (*Installation, error) {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	for _, one := range q.installations {
		if one.ID == id {
			return one, nil
		}
	}
	return nil, nil
}

func (queries) ConnectURL(_ context.Context, redirect string, state *string) (string, error) {
	query := url.Values{"redirect_url": {redirect}}
	if state != nil {
		query.Set("state", *state)
	}
	return "https://connect.example/start?" + query.Encode(), nil
}

type mutations struct{ *Resolver }

func (m mutations) DisableInstallation(_ context.Context, id uuid.UUID) (bool, error) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	for index, one := range m.installations {
		if one.ID == id {
			m.installations = append(m.installations[:index:index], m.installations[index+1:]...)
			return true, nil
		}
	}
	return false, nil
}

type subscriptions struct{ *Resolver }

func (s subscriptions) MeterReadings(ctx context.Context, start *time.Time) (<-chan *MeterReading, error) {
	s.mutex.Lock()
	s.startTimes = append(s.startTimes, start)
	s.mutex.Unlock()
	return s.Feed.Subscribe(ctx, start), nil
}

type readingValues struct{}

func (readingValues) ObisCode(_ context.Context, value *MeterReadingValue, format *ObisFormat) (string, error) {
	if format == nil {
		return value.ObisCode, nil
	}
	return inFormat(value.ObisCode, *format)
}
