package check

import (
	"strings"
	"testing"
)

func TestMistakes(t *testing.T) {
	for command, want := range map[string]string{
		"--windw 5":               "unknown option --windw, expected --window or another of --help",
		"--win=5":                 "unknown option --win, expected --window or another of --help",
		"--frobnicate":            "unknown option --frobnicate, expected one of --help",
		"-vx":                     "unknown option -x, expected one of --help",
		"-é":                      "unknown option -é, expected one of --help",
		"--window":                "option --window: expected a duration such as 90s, 4h, 7d, got nothing",
		"--window=":               "option --window: expected a duration such as 90s, 4h, 7d, got nothing",
		"--window x":              `option --window: expected a duration such as 90s, 4h, 7d, got "x"`,
		"--window -1h":            `option --window: expected a duration such as 90s, 4h, 7d, not a negative one, got "-1h"`,
		"--window 4000d":          `option --window: expected a duration of at most 3650d, got "4000d"`,
		"--window 1h --window 2h": "option --window: expected once, got it twice",
		"-w 10:5":                 `option --warning: expected a range that does not start above its end, such as 5:10 or ~:-5, got "10:5"`,
		"-w -c 5":                 `option --warning: expected a range such as 5, 10:, ~:5, 10:20 or @10:20, got the option "-c" (if it is the value, write --warning=-c)`,
		"-w=5":                    `option --warning: expected a value without an equals sign after -w, or --warning=5, got "-w=5"`,
		"-H":                      "option --hostname: expected a value, got nothing",
		"-H -4":                   `option --hostname: expected a value, got the option "-4" (if it is the value, write --hostname=-4)`,
		"--hostname=a,,b":         `option --hostname: expected a list without empty items, got "a,,b"`,
		"-p 65536x":               `option --port: expected a whole number, got "65536x"`,
		"--level 0x10":            `option --level: expected a whole number, got "0x10"`,
		"--deep x":                `option --deep: expected a whole number, got "x"`,
		"--via ssh":               `option --via: expected one of auto, redfish, got "ssh"`,
		"--each a,c":              `option --each: expected one of a, b, got "c"`,
		"--miss-state WARNING":    `option --miss-state: expected one of ok, warning, critical, unknown, got "WARNING"`,
		"--maintenance=x":         `option --maintenance: expected a whole number, got "x"`,
		"--maintenance 1":         `plugins take no arguments: expected only options, got "1" (a value of --maintenance follows an equals sign: --maintenance=1)`,
		"--insecure=maybe":        `option --insecure: expected no value, or yes or no, got "maybe"`,
		"pve3":                    `plugins take no arguments: expected only options, got "pve3"`,
		"-k pve3":                 `plugins take no arguments: expected only options, got "pve3"`,
		"--window=5\t":            `option --window: expected a duration such as 90s, 4h, 7d, got "5 "`,
		"--window=\v5":            `option --window: expected a duration such as 90s, 4h, 7d, got " 5"`,
		"--window=\t":             `option --window: expected a duration such as 90s, 4h, 7d, got " "`,
		"-- -k":                   `plugins take no arguments: expected only options, got "-k"`,
		"--file bad":              `option --file: expected a good file, got "bad"`,
		"-t 1":                    "option --timeout: expected more than 1s and at most 1h, got 1s",
		"--max-bytes 100":         "option --max-bytes: expected at least 256, got 100",
		"--file=a --x|y;z\x1b[1m": "unknown option --x¦y,z, expected one of --help",
		"--only=" + secretURL:     `option --only: expected a regular expression such as ^FAN or (?i)psu, got "https://***@bmc(" (error parsing regexp: missing closing ): ` + "’https://***@bmc(’)",
		"--x a b c --y":           "unknown option --x, expected one of --help",
	} {
		t.Run(command, func(t *testing.T) {
			_, err := parsed(strings.Split(command, " ")...)
			if err == nil {
				t.Fatal("want an error")
			}
			if want = "UNKNOWN: " + want; len(want) > firstLine {
				want = shorten(want, firstLine) + "\n" + strings.TrimPrefix(want, "UNKNOWN: ")
			}
			if got := err.Error(); got != want {
				t.Errorf("\ngot  %s\nwant %s", got, want)
			}
		})
	}
}

const secretURL = "https://root:calvin@bmc("

// A mistake is one line that every pager shows, and once more below where it was
// too long for it, also for old NRPE.
func TestLongMistake(t *testing.T) {
	for _, args := range [][]string{
		{strings.Repeat("x", 1<<17)}, {"--" + strings.Repeat("x", 1<<17)}, {"--window=" + strings.Repeat("9", 1<<17)},
		{"--only=" + strings.Repeat("(", 999), "--max-bytes=256"}, {"--max-bytes=256", "--via=" + strings.Repeat("ü", 500)},
	} {
		_, err := parsed(args...)
		if err == nil {
			t.Fatalf("%.40q is no mistake", args)
		}
		first, below, _ := strings.Cut(err.Error(), "\n")
		if len(first) > firstLine || len(below) > maxText || strings.Contains(strings.TrimSuffix(below, "\n"), "\n") {
			t.Errorf("%.40q is answered by %v", args, err)
		}
		if strings.HasPrefix(args[len(args)-1], "--max") || strings.HasPrefix(args[0], "--max") {
			if len(err.Error())+1 > leastSize {
				t.Errorf("%d bytes, want at most %d", len(err.Error())+1, leastSize)
			}
		}
	}
}

func TestLongPattern(t *testing.T) {
	if _, err := parsed("--only=" + strings.Repeat("x", longestPattern)); err != nil {
		t.Error(err)
	}
	_, err := parsed("--only=" + strings.Repeat("x", longestPattern+1))
	if err == nil || !strings.Contains(err.Error(), "at most 1000 characters") {
		t.Errorf("a pattern that is too long is answered by %v", err)
	}
}
