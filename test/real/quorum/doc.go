// Package quorum holds the arithmetic of votes against Debian's corosync,
// corosync-qdevice and corosync-qnetd, each node in namespaces of its own: the
// project says of every node whether it has quorum, from what the API of Proxmox
// VE would tell, and corosync says what is true.
package quorum
