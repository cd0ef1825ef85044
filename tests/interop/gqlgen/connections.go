package main

import (
	"context"
	"net"
	"net/http"
	"sync"
)

type connectionKey struct{}

// connections knows the sockets that carry a subscription, so that the test can have them cut.
type connections struct {
	mutex sync.Mutex
	open  map[net.Conn]bool
}

// tracked tells when the server, or the WebSocket library that took it over, closed the socket.
type tracked struct {
	net.Conn
	all *connections
}

func (t tracked) Close() error {
	t.all.mutex.Lock()
	delete(t.all.open, t.Conn)
	t.all.mutex.Unlock()
	return t.Conn.Close()
}

type listener struct {
	net.Listener
	all *connections
}

func (l listener) Accept() (net.Conn, error) {
	connection, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return tracked{connection, l.all}, nil
}

func remember(ctx context.Context, connection net.Conn) context.Context {
	return context.WithValue(ctx, connectionKey{}, connection)
}

// note is called for a request that asks for a WebSocket or an event stream.
func (c *connections) note(request *http.Request) {
	connection := request.Context().Value(connectionKey{}).(tracked)
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.open[connection.Conn] = true
}

// drop cuts them all without a word, as a router does that restarts.
func (c *connections) drop() {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	for connection := range c.open {
		if tcp, ok := connection.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
		_ = connection.Close()
		delete(c.open, connection)
	}
}

func (c *connections) count() int {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return len(c.open)
}
