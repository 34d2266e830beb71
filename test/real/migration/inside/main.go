//go:build real

// Command inside is what a guest does: it echoes what comes to port 7, and has a
// web site. It says on the console when it is ready.
package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
)

func main() {
	echo, err := net.Listen("tcp", ":7")
	if err == nil {
		err = serve(echo)
	}
	fmt.Println("failed:", err)
	os.Exit(1)
}

func serve(echo net.Listener) error {
	site, err := net.Listen("tcp", ":80")
	if err != nil {
		return err
	}
	go func() {
		fmt.Println("failed:", http.Serve(site, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprintln(w, "hello")
		})))
	}()
	fmt.Println("ready")
	for {
		c, err := echo.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer c.Close()
			if _, err := io.Copy(c, c); err != nil {
				fmt.Println("echo:", err)
			}
		}()
	}
}
