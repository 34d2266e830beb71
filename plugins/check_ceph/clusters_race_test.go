//go:build race

package main

// clusters is how many random clusters are judged: the detector makes each ten
// times as slow.
const clusters = "1000"
