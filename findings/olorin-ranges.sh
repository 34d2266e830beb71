#!/usr/bin/env bash
# One threshold, two libraries for plugins, two meanings.
#
# The plugin guidelines' range ":5" is 0 to 5: the start may be left out where it
# is 0. github.com/olorin/nagiosplugin v1.2.0 refuses it, Debian's
# python3-nagiosplugin 1.3.2-3 takes it. The other way round: "~5:10" is an error
# in Python, while olorin forgets the 5 and reads minus infinity to 10; and a
# threshold that is no number is taken as a range that ends at NaN, which alerts
# on everything. Both take "1_000" for a thousand, after their languages.
set -euo pipefail
dir=$(mktemp -d); trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT; cd "$dir"
(apt-get update -qq && apt-get -o APT::Sandbox::User=root download -qq python3-nagiosplugin=1.3.2-3) >/dev/null 2>&1
for deb in ./*.deb; do dpkg -x "$deb" deb; done
ranges=(5 :5 10: @5:10 1_000 '~5:10' NaN)
cat >go.mod <<'END'
module finding

go 1.26

require github.com/olorin/nagiosplugin v1.2.0
END
cat >main.go <<'END'
package main

import (
	"fmt"
	"os"

	"github.com/olorin/nagiosplugin"
)

func main() {
	for _, text := range os.Args[1:] {
		r, err := nagiosplugin.ParseRange(text)
		if err != nil {
			fmt.Println("go", text, "refused")
			continue
		}
		fmt.Println("go", text, r.Start, r.End, "alerts on 1e9:", r.Check(1e9))
	}
}
END
cat >range.py <<'END'
import sys
sys.path.insert(0, "deb/usr/lib/python3/dist-packages")
from nagiosplugin import Range
for text in sys.argv[1:]:
    try:
        r = Range(text)
        print("python", text, r.start, r.end, "alerts on 1e9:", str(not r.match(1e9)).lower())
    except ValueError:
        print("python", text, "refused")
END
{
	GOFLAGS=-mod=mod go run . "${ranges[@]}"
	python3 range.py "${ranges[@]}"
} >got 2>&1
cat >want <<'END'
go 5 0 5 alerts on 1e9: true
go :5 refused
go 10: 10 +Inf alerts on 1e9: false
go @5:10 5 10 alerts on 1e9: false
go 1_000 0 1000 alerts on 1e9: true
go ~5:10 -Inf 10 alerts on 1e9: true
go NaN 0 NaN alerts on 1e9: true
python 5 0 5 alerts on 1e9: true
python :5 0 5 alerts on 1e9: true
python 10: 10 inf alerts on 1e9: false
python @5:10 5 10 alerts on 1e9: false
python 1_000 0 1000 alerts on 1e9: true
python ~5:10 refused
python NaN refused
END
diff want got && echo "seen as described"
