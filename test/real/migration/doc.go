// Package migration watches a live migration: a guest with Debian's kernel and
// busybox moves between two QEMU processes, each on a node of its own, while
// check_guests --watch and Debian's ping ask it side by side, a TCP session stays
// open and its web site is asked. It needs root and the packages qemu-system-x86,
// linux-image-amd64, busybox-static, iproute2 and iputils-ping, and runs with
//
//	go test -tags real -v ./test/real/migration
//
// The nodes are network namespaces without names, kept by processes that end with
// the test, and so is all that runs in them.
package migration
