// Package guests tries pkg/ping on the wire: in network namespaces that it
// makes, against guests behind a TUN device, with packet filters, routes and
// links that fail. It needs root, ip(8) and nft(8), and runs with
//
//	go test -tags real ./test/real/guests
//
// Everything it makes has "nooutg" in its name and is removed in the end, and
// by the next run if this one is killed.
package guests
