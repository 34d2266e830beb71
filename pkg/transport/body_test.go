package transport

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
)

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

func endlessly(w io.Writer, part []byte) {
	for {
		if _, err := w.Write(part); err != nil {
			return
		}
	}
}

func TestBodies(t *testing.T) {
	fine := zipped(t, func(w io.Writer) { io.WriteString(w, "fine") })
	bomb := zipped(t, func(w io.Writer) {
		for range 64 {
			w.Write(make([]byte, 1<<20))
		}
	})
	empty, megabyte := zipped(t, func(io.Writer) {}), make([]byte, 1<<20)
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
