// A Partner API made of gqlgen, which the real one is most probably made of, too. Prints one JSON line with its URL;
// POST /control pushes readings and asks for counts.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/99designs/gqlgen/graphql/handler/extension"
	"github.com/99designs/gqlgen/graphql/handler/transport"

	"iometer2mqtt.test/gqlgen/graph"
)

const path = "/api/v1/query"

type options struct {
	port          int
	partner       string
	secret        string
	transports    []string
	introspection bool
	keepAlive     time.Duration // `ka` of the legacy protocol
	sseKeepAlive  time.Duration
	pingPong      time.Duration
}

type server struct {
	options     options
	feed        *graph.Feed
	resolver    *graph.Resolver
	signIn      *signIn
	connections *connections
	counts      *counts
}

func main() {
	given := options{}
	flag.IntVar(&given.port, "port", 0, "")
	flag.StringVar(&given.partner, "partner-id", "", "")
	flag.StringVar(&given.secret, "secret", "", "")
	transports := flag.String("transports", "websocket,sse,post", "")
	flag.BoolVar(&given.introspection, "introspection", true, "")
	flag.DurationVar(&given.keepAlive, "keep-alive", 0, "")
	flag.DurationVar(&given.sseKeepAlive, "sse-keep-alive", 0, "")
	flag.DurationVar(&given.pingPong, "ping-pong", 0, "")
	flag.Parse()
	given.transports = strings.Split(*transports, ",")
	if err := run(given); err != nil {
		log.Fatal(err)
	}
}

func run(given options) error {
	feed := graph.NewFeed()
	s := &server{given, feed, &graph.Resolver{Feed: feed}, newSignIn(),
		&connections{open: map[net.Conn]bool{}}, newCounts()}
	s.signIn.setPartner(given.partner, given.secret)

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	routes := http.NewServeMux()
	routes.Handle(path, s.guard(s.graphql()))
	routes.HandleFunc("/control", s.control)
	web := &http.Server{Handler: routes, ConnContext: remember,
		BaseContext: func(net.Listener) context.Context { return ctx }}
	plain, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", given.port))
	if err != nil {
		return err
	}
	go func() { _ = web.Serve(listener{plain, s.connections}) }()
	_ = json.NewEncoder(os.Stdout).Encode(map[string]string{
		"url":    fmt.Sprintf("http://127.0.0.1:%d%s", plain.Addr().(*net.TCPAddr).Port, path),
		"gqlgen": version()})

	// A deploy: the contexts of all requests end, so that gqlgen says goodbye, and what is on its way is still sent.
	<-ctx.Done()
	last, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	_ = web.Shutdown(last)
	for s.connections.count() > 0 && last.Err() == nil {
		time.Sleep(10 * time.Millisecond)
	}
	return nil
}

func version() string {
	info, _ := debug.ReadBuildInfo()
	for _, module := range info.Deps {
		if module.Path == "github.com/99designs/gqlgen" {
			return module.Version
		}
	}
	return ""
}

func (s *server) graphql() http.Handler {
	made := handler.New(graph.NewExecutableSchema(graph.Config{Resolvers: s.resolver}))
	// The order decides: an event stream is asked for by POST, too.
	if slices.Contains(s.options.transports, "websocket") {
		made.AddTransport(transport.Websocket{
			InitFunc:              s.initialize,
			KeepAlivePingInterval: s.options.keepAlive,
			PingPongInterval:      s.options.pingPong,
		})
	}
	if slices.Contains(s.options.transports, "sse") {
		made.AddTransport(transport.SSE{KeepAlivePingInterval: s.options.sseKeepAlive})
	}
	made.AddTransport(transport.POST{})
	if s.options.introspection {
		made.Use(extension.Introspection{})
	}
	made.AroundResponses(func(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
		response := next(ctx)
		if response != nil && len(response.Errors) > 0 {
			s.counts.note(response.Errors.Error())
		}
		return response
	})
	return made
}

func (s *server) initialize(ctx context.Context, payload transport.InitPayload) (
	context.Context, *transport.InitPayload, error) {
	return ctx, nil, s.signIn.initOf(ctx, payload.Authorization())
}

// guard is the HTTP middleware: what the Authorization header holds must be right; only a WebSocket may do without it,
// and has to bring it in its init payload.
func (s *server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		upgrade := r.Header.Get("Upgrade") != ""
		stream := strings.Contains(r.Header.Get("Accept"), "text/event-stream")
		s.counts.request(upgrade, stream, r.Header.Get("Sec-WebSocket-Protocol"))
		authorization := r.Header.Get("Authorization")
		if authorization == "" && upgrade {
			next.ServeHTTP(w, r)
			return
		}
		if s.signIn.verify(authorization) != nil {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = w.Write([]byte(`{"errors":[{"message":"unauthorized"}],"data":null}`))
			return
		}
		if upgrade || stream {
			s.connections.note(r)
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), signedIn{}, true)))
	})
}
