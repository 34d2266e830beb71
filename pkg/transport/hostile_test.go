package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

// short is the time given to peers that will not answer, enough for a handshake
// on a busy machine. The tests hang, and fail by the timeout of go test, when it
// is not kept.
const short = 3 * time.Second

func drip(conn net.Conn, text string) {
	for i := 0; ; i++ {
		if _, err := io.WriteString(conn, text[i%len(text):i%len(text)+1]); err != nil {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func TestEveryPhaseObeysTheContext(t *testing.T) {
	silent := func(net.Conn) {}
	tests := []struct {
		name  string
		start func(t *testing.T) (string, Options)
		words string
	}{
		{"silent before TLS", func(t *testing.T) (string, Options) { return listen(t, silent), Options{} },
			"did not finish the TLS handshake in time: an old controller may need --tls-legacy"},
		{"dripping TLS", func(t *testing.T) (string, Options) {
			// A handshake record of 16 KiB, of which a byte comes now and then.
			return listen(t, func(conn net.Conn) { drip(conn, "\x16\x03\x03\x40\x00"+strings.Repeat("\x02", 16384)) }), Options{}
		}, "did not finish the TLS handshake in time"},
		{"silent after the request", func(t *testing.T) (string, Options) { return raw(t, silent) }, "gave no answer in time"},
		{"dripping header", func(t *testing.T) (string, Options) {
			return raw(t, func(conn net.Conn) { drip(conn, "HTTP/1.1 200 OK\r\nX: "+strings.Repeat("x", 10000)) })
		}, "gave no answer in time"},
		{"endless informational answers", func(t *testing.T) (string, Options) {
			return raw(t, func(conn net.Conn) { drip(conn, "HTTP/1.1 102 Processing\r\n\r\n") })
		}, "gave no answer in time"},
		{"silent body", func(t *testing.T) (string, Options) {
			return raw(t, func(conn net.Conn) { io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nfive!") })
		}, "stopped in the middle of its answer"},
		{"dripping body", func(t *testing.T) (string, Options) {
			return raw(t, func(conn net.Conn) {
				io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
				drip(conn, "x")
			})
		}, "stopped in the middle of its answer"},
		{"dripping chunks", func(t *testing.T) (string, Options) {
			return raw(t, func(conn net.Conn) {
				io.WriteString(conn, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
				drip(conn, "1\r\nx\r\n")
			})
		}, "stopped in the middle of its answer"},
		{"full backlog", func(t *testing.T) (string, Options) { return backlog(t), Options{} }, "did not accept a connection in time"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			address, options := test.start(t)
			_, err := askWithin(t, short, options, "https://"+address+"/")
			sentence(t, err, address, test.words)
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("not a deadline: %v", err)
			}
		})
	}
}

func TestCancelledAtOnce(t *testing.T) {
	signal := errors.New("SIGTERM")
	for name, cause := range map[string]error{"plainly": nil, "with a cause": signal} {
		for _, sends := range []string{"", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nfive!"} {
			t.Run(name+" after "+strconv.Itoa(len(sends)), func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				address, options := raw(t, func(conn net.Conn) {
					io.WriteString(conn, sends)
					cancel(cause)
				})
				client, err := options.Client()
				if err != nil {
					t.Fatal(err)
				}
				request, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+address, nil)
				if err != nil {
					t.Fatal(err)
				}
				response, err := client.Do(request)
				if err == nil {
					defer response.Body.Close()
					_, err = io.ReadAll(response.Body)
				}
				sentence(t, err, address, "interrupted")
				if !errors.Is(err, context.Canceled) || cause != nil && !errors.Is(err, cause) {
					t.Errorf("the cause is lost: %v", errors.Unwrap(Explain(err)))
				}
			})
		}
	}
}

func TestWhatIsNotTLS(t *testing.T) {
	tests := []struct{ name, sends, words string }{
		{"plain HTTP", "HTTP/1.1 400 Bad Request\r\n\r\n", "answers in plain HTTP, expected TLS on this port"},
		{"SSH", "SSH-2.0-OpenSSH_9.2\r\n", "does not speak TLS on this port"},
		{"zeros", strings.Repeat("\x00", 100), "does not speak TLS on this port"},
		{"nothing", "", "ended the connection during the TLS handshake: an old controller may need --tls-legacy"},
		{"half a record", "\x16\x03\x03\x00", "ended the connection during the TLS handshake"},
		{"alert", "\x15\x03\x03\x00\x02\x02\x50", "the TLS handshake with"},
		{"old alert", "\x15\x03\x01\x00\x02\x02\x46", "share no TLS version or cipher"},
		{"garbage in TLS", "\x16\x03\x03\x00\x05\x02\x00\x00\x01\xff", "the TLS handshake with"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			address := listen(t, func(conn net.Conn) {
				hello := make([]byte, 4096)
				if _, err := conn.Read(hello); err == nil {
					io.WriteString(conn, test.sends)
				}
				conn.(*net.TCPConn).CloseWrite()
			})
			_, err := ask(t, Options{}, "https://"+address)
			sentence(t, err, address, test.words)
		})
	}
}

func TestWhatIsNotHTTP(t *testing.T) {
	endless := strings.Repeat("x", 1000)
	tests := []struct {
		name, sends string
		repeat      int
		words       string
	}{
		{"garbage", "220 mail ready\r\n\r\n", 1, "not valid HTTP"},
		{"credentials sent back", "Basic cm9vdDpodXNoLWh1c2g= hush-hush\r\n\r\n", 1, "not valid HTTP"},
		{"zeros", strings.Repeat("\x00", 5000), 1, "not valid HTTP"},
		{"nothing", "", 1, "ended the connection without an answer"},
		{"half a header", "HTTP/1.1 200 OK\r\nContent-", 1, "not valid HTTP"},
		{"large header", "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", maxHeader) + "\r\n\r\n", 1, "header of more than 64 KiB"},
		{"endless status", "HTTP/1.1 200 " + endless, 1 << 20, "header of more than 64 KiB"},
		{"endless line", "X: " + endless, 1 << 20, "header of more than 64 KiB"},
		{"endless header", "HTTP/1.1 200 OK\r\nX: " + endless + "\r\n", 1 << 20, ""},
		{"negative length", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", 1, "not valid HTTP"},
		{"two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx", 1, "not valid HTTP"},
		{"cut body", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfive!", 1, "in the middle of its answer"},
		{"cut chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfive!", 1, "in the middle of its answer"},
		{"bad chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nhush\r\n", 1, "not valid HTTP"},
		{"endless chunk line", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;" + strings.Repeat("x", 1<<20), 1, "not valid HTTP"},
		{"damaged gzip", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 20\r\n\r\nthis is no gzip file", 1, "compressed answer that is damaged"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			address, options := raw(t, func(conn net.Conn) {
				for range test.repeat {
					if _, err := io.WriteString(conn, test.sends); err != nil {
						break
					}
				}
				conn.Close()
			})
			_, err := ask(t, options, "https://"+address)
			sentence(t, err, address, test.words)
		})
	}
}

// Certificates whose verification panics must not end the process.
func TestPanicOfAHandshake(t *testing.T) {
	server, _ := device(t, nil)
	d := dialer{config: &tls.Config{InsecureSkipVerify: true,
		VerifyConnection: func(tls.ConnectionState) error { panic("hostile certificate") }}}
	_, err := askWith(t, 5*time.Minute, &http.Client{Transport: newRounds(d)}, server.URL)
	if err == nil || !strings.Contains(err.Error(), "hostile certificate") {
		t.Errorf("got %v", err)
	}
}
