package main

import "time"

// stamp is a time in whole seconds since 1970, 0 for never. A guest has six of them
// in the memory, and as a time.Time each is three times as large.
type stamp int64

func stampOf(t time.Time) stamp {
	if t.IsZero() {
		return 0
	}
	return stamp(t.Unix())
}

func (s stamp) time() time.Time {
	if s == 0 {
		return time.Time{}
	}
	return time.Unix(int64(s), 0).UTC()
}

// IsZero leaves it out of JSON.
func (s stamp) IsZero() bool { return s == 0 }

func (s stamp) after(t time.Time) bool { return s != 0 && s.time().After(t) }

// move moves times that were taken with our clock, which was set forward by so
// much since.
func (s *stamp) move(by time.Duration) {
	if *s != 0 {
		*s = stampOf(s.time().Add(by))
	}
}

// MarshalText writes it for people.
func (s stamp) MarshalText() ([]byte, error) { return s.time().MarshalText() }

// UnmarshalText reads it.
func (s *stamp) UnmarshalText(text []byte) error {
	var t time.Time
	if err := t.UnmarshalText(text); err != nil {
		return err
	}
	*s = stampOf(t)
	return nil
}
