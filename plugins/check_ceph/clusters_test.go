//go:build !race

package main

// clusters is how many random clusters are judged.
const clusters = "10000"
