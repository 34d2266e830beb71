package redfish

import (
	"bytes"
	"encoding/json"
)

// A log can be long, and encoding/json goes over every part of it once for
// each level it is decoded at. What follows goes over JSON that is known to be
// valid once; on any other it finds nonsense, but does not fail.

// split cuts an array into its elements, which it copies together.
func split(array []byte) []json.RawMessage {
	array = bytes.Clone(array)
	var out []json.RawMessage
	for i := 1; i < len(array); i++ {
		i = blanks(array, i)
		if i >= len(array) || array[i] == ']' {
			break
		}
		end := valueEnd(array, i)
		out = append(out, array[i:end:end])
		i = blanks(array, end)
	}
	return out
}

// fields calls f for each field of an object. Keys are as they are written.
func fields(object []byte, f func(key string, value []byte)) {
	for i := 1; i < len(object); i++ {
		i = blanks(object, i)
		if i >= len(object) || object[i] != '"' {
			return
		}
		end := valueEnd(object, i)
		key := object[i+1 : max(i+1, end-1)]
		i = blanks(object, end)
		if i >= len(object) || object[i] != ':' {
			return
		}
		i = blanks(object, i+1)
		end = valueEnd(object, i)
		f(string(key), object[min(i, end):end])
		i = blanks(object, end)
	}
}

func blanks(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\r' || b[i] == '\t') {
		i++
	}
	return i
}

// valueEnd is where the value that starts at i ends.
func valueEnd(b []byte, i int) int {
	depth := 0
	for ; i < len(b); i++ {
		switch b[i] {
		case '"':
			for i++; i < len(b) && b[i] != '"'; i++ {
				if b[i] == '\\' {
					i++
				}
			}
			if depth == 0 {
				return min(i+1, len(b))
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return i
			}
			if depth--; depth == 0 {
				return i + 1
			}
		case ',', ' ', '\n', '\r', '\t', ':':
			if depth == 0 {
				return i
			}
		}
	}
	return len(b)
}
