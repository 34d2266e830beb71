// Package schedulers runs the plugins under what runs them in the field:
// Debian's nagios4, icinga2 and nrpe, with the files of contrib as they are
// shipped. What arrives there is compared with what the plugin prints on a
// shell. It needs root, to become the user nagios, and runs with
//
//	go test -tags real ./test/real/schedulers
//
// Configuration, state, logs and sockets of the daemons are in a directory of
// its own, their ports on 127.0.0.1, and all of it ends with the test.
package schedulers
