// Package check turns facts that were judged into the answer of a Nagios
// plugin. It alone writes to standard output and ends the process.
//
// A plugin describes itself as a [Plugin] and hands it to [Main]. Its Check
// function acquires facts and judges them. What it returns, a [Result], is
// ordered by its [Policy], rendered and written once: never more than the hosts
// can take, never with text from outside that could be read as something else,
// never without an answer, and never OK without evidence.
//
// Rules that several hosts share (exit codes, ranges, performance data, options)
// are those of the Monitoring Plugins Development Guidelines. Where the hosts
// differ the comments say which one asks for what.
package check
