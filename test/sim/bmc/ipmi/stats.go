package ipmi

import (
	"maps"
	"slices"
)

// Stats is what a controller was asked and what came of it.
type Stats struct {
	// Packets that came, and that were sent.
	Packets, Answers int
	// Again are those of them whose question is the one before, word for word:
	// a client that waited too long.
	Again int
	// ByCommand counts commands by their names.
	ByCommand map[string]int
	// Sessions open now, and the most that were open at once; logins that are
	// half way.
	Sessions, MostSessions, Openings int
	// Sessions that were opened, closed by a client, ended because nobody used
	// them.
	Opened, Closed, Expired int
	// Logins refused: no slot, unknown name, more rights than the account has,
	// wrong password, a cipher suite that is not offered.
	Full, WrongNames, WrongLevels, WrongPasswords, WrongSuites int
	// Packets that were not understood, that belong to no session, whose
	// integrity code is wrong, that came before.
	Malformed, Strangers, Forged, Repeated int
	// Violations are what must never happen: a command that is not a read.
	Violations []string
}

func newStats() Stats { return Stats{ByCommand: map[string]int{}} }

// Stats returns what happened so far.
func (s *Server) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.observe()
	out := s.stats
	out.ByCommand = maps.Clone(out.ByCommand)
	out.Violations = slices.Clone(out.Violations)
	out.Sessions, out.Openings = len(s.sessions.open), len(s.sessions.openings)
	return out
}

// Forget begins counting anew; open sessions stay.
func (s *Server) Forget() { s.forget.Store(true) }
