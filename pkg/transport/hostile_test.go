package transport

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

// short is the time given to peers that will not answer. The tests hang, and
// fail by the timeout of go test, when it is not kept.
const short = 200 * time.Millisecond

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
	reached := make(chan struct{})
	address, options := raw(t, func(net.Conn) { close(reached) })
	client, err := options.Client()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-reached; cancel() }()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+address, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.Do(request)
	sentence(t, err, address, "interrupted")
	if !errors.Is(err, context.Canceled) {
		t.Errorf("not cancelled: %v", err)
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

func zipped(t *testing.T, write func(io.Writer)) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	write(w)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestBodies(t *testing.T) {
	fine := zipped(t, func(w io.Writer) { io.WriteString(w, "fine") })
	bomb := zipped(t, func(w io.Writer) {
		for range 64 {
			w.Write(make([]byte, 1<<20))
		}
	})
	empty := zipped(t, func(io.Writer) {})
	megabyte := make([]byte, 1<<20)
	endlessly := func(w http.ResponseWriter, part []byte) {
		for {
			if _, err := w.Write(part); err != nil {
				return
			}
		}
	}
	tests := []struct {
		name   string
		answer http.HandlerFunc
		size   int
		words  string
	}{
		{"as large as allowed", func(w http.ResponseWriter, _ *http.Request) { w.Write(make([]byte, MaxBody)) }, MaxBody, ""},
		{"one byte more", func(w http.ResponseWriter, _ *http.Request) { w.Write(make([]byte, MaxBody+1)) }, 0, "more than 16 MiB"},
		{"as large as allowed, announced", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", strconv.Itoa(MaxBody))
			w.Write(make([]byte, MaxBody))
		}, MaxBody, ""},
		{"announced as too large", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000000000000")
			w.Write(megabyte)
		}, 0, "more than 16 MiB"},
		{"endless", func(w http.ResponseWriter, _ *http.Request) { endlessly(w, megabyte) }, 0, "more than 16 MiB"},
		{"empty", func(http.ResponseWriter, *http.Request) {}, 0, ""},
		{"no content", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }, 0, ""},
		{"compressed unasked", func(w http.ResponseWriter, r *http.Request) {
			if asked := r.Header.Get("Accept-Encoding"); asked != "" {
				t.Errorf("compression was asked for: %s", asked)
			}
			w.Header().Set("Content-Encoding", "gzip")
			w.Write(fine)
		}, 4, ""},
		{"bomb", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			w.Write(bomb)
		}, 0, "more than 16 MiB"},
		{"endless nothing", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "GZIP")
			endlessly(w, bytes.Repeat(empty, 1000))
		}, 0, "more than 16 MiB"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			server, options := device(t, test.answer)
			got, err := ask(t, options, server.URL)
			if test.words == "" {
				if err != nil || len(got) != test.size {
					t.Errorf("%d bytes, %v, expected %d", len(got), err, test.size)
				}
				return
			}
			sentence(t, err, test.words)
			if !errors.Is(err, ErrTooLarge) {
				t.Errorf("not ErrTooLarge: %v", err)
			}
		})
	}
}

func TestReadAll(t *testing.T) {
	for _, size := range []int{0, 1, 8<<10 - 1, 8 << 10, 8<<10 + 1, 3 << 20} {
		want := bytes.Repeat([]byte("0123456789"), size/10+1)[:size]
		for name, reader := range map[string]io.Reader{"whole": bytes.NewReader(want), "halves": iotest.HalfReader(bytes.NewReader(want)),
			"end with data": iotest.DataErrReader(bytes.NewReader(want))} {
			if got, err := ReadAll(reader); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%d bytes, %s: %d bytes, %v", size, name, len(got), err)
			}
		}
	}
	for _, cause := range []error{io.ErrUnexpectedEOF, ErrTooLarge} {
		cut := io.MultiReader(strings.NewReader("five!"), iotest.ErrReader(cause))
		if got, err := ReadAll(cut); got != nil || !errors.Is(err, cause) {
			t.Errorf("a cut body gives %q, %v", got, err)
		}
	}
}

// A process that is sent a gigabyte stays far under 64 MiB.
func TestMemory(t *testing.T) {
	if url := os.Getenv("TRANSPORT_TEST_URL"); url != "" {
		client, err := Options{CAFile: os.Getenv("TRANSPORT_TEST_CA")}.Client()
		if err != nil {
			t.Fatal(err)
		}
		response, err := client.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		text, err := ReadAll(response.Body)
		fmt.Println("read", len(text), "bytes and", err)
		status, err := os.ReadFile("/proc/self/status")
		if err != nil {
			t.Fatal(err)
		}
		os.Stdout.Write(status)
		return
	}
	if info, ok := debug.ReadBuildInfo(); ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"}) {
		t.Skip("the race detector takes several times the memory")
	}
	for name, length := range map[string]string{"announced": "1073741824", "chunked": ""} {
		t.Run(name, func(t *testing.T) {
			server, options := device(t, func(w http.ResponseWriter, _ *http.Request) {
				if length != "" {
					w.Header().Set("Content-Length", length)
				}
				for range 1024 {
					if _, err := w.Write(make([]byte, 1<<20)); err != nil {
						return
					}
				}
			})
			child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestMemory$")
			child.Env = []string{"TRANSPORT_TEST_URL=" + server.URL, "TRANSPORT_TEST_CA=" + options.CAFile}
			out, err := child.CombinedOutput()
			if err != nil || !strings.Contains(string(out), "more than 16 MiB") {
				t.Fatalf("%v\n%s", err, out)
			}
			_, peak, found := strings.Cut(string(out), "VmHWM:")
			var kilobytes int
			if _, err := fmt.Sscan(peak, &kilobytes); !found || err != nil {
				t.Skip("this system does not tell the peak of memory:", err)
			}
			t.Logf("peak %d KiB", kilobytes)
			if kilobytes > 48<<10 {
				t.Errorf("a process that is sent a gigabyte took %d KiB", kilobytes)
			}
		})
	}
}

// Certificates whose verification panics must not end the process.
func TestPanicOfAHandshake(t *testing.T) {
	server, _ := device(t, nil)
	d := dialer{network: "tcp", config: &tls.Config{InsecureSkipVerify: true,
		VerifyConnection: func(tls.ConnectionState) error { panic("hostile certificate") }}}
	_, err := askWith(t, 20*time.Second, &http.Client{Transport: newRounds(d)}, server.URL)
	if err == nil || !strings.Contains(err.Error(), "hostile certificate") {
		t.Errorf("got %v", err)
	}
}

func TestConnectionsAreReused(t *testing.T) {
	for name, read := range map[string]func(io.Reader) error{
		"read to the end": func(r io.Reader) error { _, err := io.Copy(io.Discard, r); return err },
		"decoded":         func(r io.Reader) error { var v any; return json.NewDecoder(r).Decode(&v) },
	} {
		t.Run(name, func(t *testing.T) {
			peers := map[string]bool{}
			server, options := device(t, func(w http.ResponseWriter, r *http.Request) {
				peers[r.RemoteAddr] = true // one request after the other
				io.WriteString(w, `{"a": "`+strings.Repeat("x", 8000)+`"}`)
				w.(http.Flusher).Flush()
				io.WriteString(w, strings.Repeat("\n", 1000))
			})
			client, err := options.Client()
			if err != nil {
				t.Fatal(err)
			}
			for range 5 {
				response, err := client.Get(server.URL)
				if err != nil {
					t.Fatal(err)
				}
				if err := read(response.Body); err != nil {
					t.Error(err)
				}
				if err := response.Body.Close(); err != nil {
					t.Error(err)
				}
			}
			client.CloseIdleConnections()
			server.Close()
			if len(peers) != 1 {
				t.Errorf("5 requests took %d connections", len(peers))
			}
		})
	}
}
