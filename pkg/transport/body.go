package transport

import (
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
)

// MaxBody is the largest body of an answer, in bytes, before and after
// decompression, unless [Options.Reading] says otherwise.
const MaxBody = 16 << 20

// ErrTooLarge is found in the error of a body that is larger than is read.
var ErrTooLarge = errors.New("the answer is too large")

// ReadAll reads a body to its end. When that fails it returns nothing, and
// unlike [io.ReadAll] it has not made a copy of what is thrown away: a process
// that is sent too much needs no more for it than it reads at most.
func ReadAll(from io.Reader) ([]byte, error) {
	var parts [][]byte
	part := make([]byte, 0, 8<<10)
	if b, is := from.(*body); is && b.announced > 0 && b.announced <= b.where.options.bound() {
		part = make([]byte, 0, b.announced+1) // a list of all guests stands in memory once
	}
	for {
		n, err := from.Read(part[len(part):cap(part)])
		part = part[:len(part)+n]
		if err == io.EOF && parts == nil {
			return part, nil
		}
		if err == io.EOF {
			return slices.Concat(append(parts, part)...), nil
		}
		if err != nil {
			return nil, err
		}
		if len(part) == cap(part) {
			parts = append(parts, part)
			part = make([]byte, 0, min(2*cap(part), 1<<20))
		}
	}
}

// maxDrain is how much of a body is read at its close, in bytes, so that the
// connection can be used again: what a JSON decoder leaves behind.
const maxDrain = 4 << 10

// body bounds the body of an answer and explains its errors.
type body struct {
	source io.Reader
	closer io.Closer
	where  peer
	begun  bool
	ended  bool
	// announced is its length as the device says, 0 when it does not.
	announced int64
}

// newBody wraps the body of an answer. A device that was not asked to compress
// may do so all the same (RFC 9110, 12.5.3), so gzip is decoded. The bound holds
// on both sides of the decoder, for a small file may become a large one and an
// endless one nothing.
func newBody(response *http.Response, where peer) *body {
	source := &capped{source: response.Body, left: where.options.bound()}
	if response.ContentLength > where.options.bound() {
		source.left = -1
	}
	wrapped := &body{source: source, closer: response.Body, where: where, announced: max(0, response.ContentLength)}
	if strings.EqualFold(response.Header.Get("Content-Encoding"), "gzip") {
		wrapped.announced = 0 // of what is compressed
		wrapped.source = &capped{source: &unzipped{source: source}, left: where.options.bound()}
		response.Header.Del("Content-Encoding")
		response.Header.Del("Content-Length")
		response.ContentLength = -1
		response.Uncompressed = true
	}
	return wrapped
}

// Read reads on until the end, the bound, or the end of the request's context.
func (b *body) Read(p []byte) (int, error) {
	b.begun = true
	n, err := b.source.Read(p)
	if err != nil {
		b.ended = true
	}
	if err != nil && err != io.EOF {
		err = b.where.explain(err, reading)
	}
	return n, err
}

// Close ends the answer. The little that may be left of one that was read is
// read first; failing to only costs the connection.
func (b *body) Close() error {
	if b.begun && !b.ended {
		_, err := io.CopyN(io.Discard, b.source, maxDrain)
		b.ended = err != nil
	}
	return b.closer.Close()
}

// capped ends in ErrTooLarge instead of the byte after the last one allowed.
type capped struct {
	source io.Reader
	left   int64 // negative: too large
}

func (c *capped) Read(p []byte) (int, error) {
	if c.left < 0 {
		return 0, ErrTooLarge
	}
	if int64(len(p)) > c.left+1 {
		p = p[:c.left+1]
	}
	n, err := c.source.Read(p)
	c.left -= int64(n)
	if c.left < 0 {
		return n - 1, ErrTooLarge
	}
	return n, err
}

// unzipped decodes gzip from the first Read on: opening reads already.
type unzipped struct {
	source io.Reader
	gzip   *gzip.Reader
	err    error
}

func (u *unzipped) Read(p []byte) (int, error) {
	if u.gzip == nil && u.err == nil {
		u.gzip, u.err = gzip.NewReader(u.source)
	}
	if u.err != nil {
		return 0, u.err
	}
	return u.gzip.Read(p)
}
