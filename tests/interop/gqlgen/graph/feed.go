package graph

import (
	"context"
	"sync"
	"time"
)

// Feed holds the readings that the test pushed: a history by the time of receipt, and whoever listens now. One stream
// first replays the history from its start time and then goes on with what comes, without a gap between the two.
type Feed struct {
	mutex   sync.Mutex
	history []received
	streams map[*stream]bool
}

type received struct {
	at      time.Time
	reading *MeterReading
}

type stream struct {
	queue []*MeterReading
	ended bool
	wake  chan struct{}
}

func NewFeed() *Feed {
	return &Feed{streams: map[*stream]bool{}}
}

// Push brings readings to all streams; with a time of receipt only into the history.
func (f *Feed) Push(readings []*MeterReading, at *time.Time) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	live := at == nil
	if live {
		now := time.Now()
		at = &now
	}
	for _, reading := range readings {
		f.history = append(f.history, received{*at, reading})
	}
	if !live {
		return
	}
	for one := range f.streams {
		one.queue = append(one.queue, readings...)
		one.notify()
	}
}

// EndAll completes every stream once its queue is empty.
func (f *Feed) EndAll() {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	for one := range f.streams {
		one.ended = true
		one.notify()
	}
}

func (f *Feed) Forget() {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.history = nil
}

func (f *Feed) Subscriptions() int {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	return len(f.streams)
}

// Subscribe's channel ends with the context or with EndAll.
func (f *Feed) Subscribe(ctx context.Context, start *time.Time) <-chan *MeterReading {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	one := &stream{wake: make(chan struct{}, 1)}
	for _, past := range f.history {
		if start != nil && !past.at.Before(*start) {
			one.queue = append(one.queue, past.reading)
		}
	}
	f.streams[one] = true
	one.notify()
	out := make(chan *MeterReading)
	go f.run(ctx, one, out)
	return out
}

func (f *Feed) run(ctx context.Context, one *stream, out chan<- *MeterReading) {
	defer close(out)
	defer func() {
		f.mutex.Lock()
		delete(f.streams, one)
		f.mutex.Unlock()
	}()
	for {
		select {
		case <-ctx.Done():
			return
		case <-one.wake:
		}
		f.mutex.Lock()
		queue, ended := one.queue, one.ended
		one.queue = nil
		f.mutex.Unlock()
		for _, reading := range queue {
			select {
			case <-ctx.Done():
				return
			case out <- reading:
			}
		}
		if ended {
			return
		}
	}
}

func (s *stream) notify() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}
