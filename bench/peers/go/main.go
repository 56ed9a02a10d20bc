// The reverse proxy of Go's standard library, doing the gateway's job: a token, a request id, a line of access log.
package main

import (
	"crypto/rand"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"sync"
	"time"
)

// answer remembers the status that went out.
type answer struct {
	http.ResponseWriter
	status int
}

func (a *answer) WriteHeader(status int) {
	a.status = status
	a.ResponseWriter.WriteHeader(status)
}

// Unwrapped by http.ResponseController, and asked for by ReverseProxy.
func (a *answer) Flush() {
	if flusher, ok := a.ResponseWriter.(http.Flusher); ok {
		flusher.Flush()
	}
}

// buffers are used again, as programs under load do it.
type buffers struct{ pool sync.Pool }

func (b *buffers) Get() []byte  { return *b.pool.Get().(*[]byte) }
func (b *buffers) Put(p []byte) { b.pool.Put(&p) }

func id() string {
	var b [16]byte
	if _, err := rand.Read(b[:]); err != nil {
		panic(err)
	}
	return fmt.Sprintf("WW_%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:])
}

func main() {
	listen := flag.String("listen", "", "address to listen at")
	upstream := flag.String("upstream", "", "origin to call")
	token := flag.String("token", "", "access token")
	logFile := flag.String("log", "", "file of access lines")
	flag.Parse()

	target, err := url.Parse(*upstream)
	if err != nil {
		log.Fatal(err)
	}
	file, err := os.OpenFile(*logFile, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		log.Fatal(err)
	}
	access := log.New(file, "[GIN] ", log.LstdFlags)

	proxy := httputil.NewSingleHostReverseProxy(target)
	direct := proxy.Director
	bearer := "Bearer " + *token
	proxy.Director = func(r *http.Request) {
		direct(r)
		r.Host = target.Host
		r.Header.Set("Authorization", bearer)
		r.Header.Set("TrackingID", id())
	}
	proxy.BufferPool = &buffers{sync.Pool{New: func() any { b := make([]byte, 32*1024); return &b }}}
	proxy.Transport = &http.Transport{
		DialContext:         (&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		ForceAttemptHTTP2:   true,
		MaxIdleConnsPerHost: 512,
		IdleConnTimeout:     90 * time.Second,
		DisableCompression:  true,
	}

	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		a := &answer{w, http.StatusOK}
		proxy.ServeHTTP(a, r)
		host, _, _ := net.SplitHostPort(r.RemoteAddr)
		access.Printf("| %d | %v | %s | %s %q", a.status, time.Since(start), host, r.Method, r.URL.Path)
	})
	log.Fatal(http.ListenAndServe(*listen, handler))
}
