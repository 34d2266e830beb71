package state

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// longestName bounds the part of a file's name that comes from the subject, in
// bytes. File systems allow 255 for all of it.
const longestName = 100

// fileName returns the name of the file about a subject. A subject of lower
// case letters, digits and -._ stands in it as it is. Any other is made so and
// gets a hash, behind two dashes, which no subject that stands as it is has: two
// subjects never share a file, also where names differ in case only. The first
// dot ends the plugin's name, which has none.
func fileName(plugin, subject string) string {
	if plain(subject) {
		return plugin + "." + subject + ".json"
	}
	clean := []byte(strings.ToLower(subject))
	for i, c := range clean {
		if strings.IndexByte(allowed, c) < 0 {
			clean[i] = '-'
		}
	}
	hash := sha256.Sum256([]byte(subject))
	digits := hex.EncodeToString(hash[:16])
	clean = clean[:min(len(clean), longestName-len(digits))]
	return plugin + "." + string(clean) + "--" + digits + ".json"
}

// allowed are the bytes of a subject that stands as it is.
const allowed = lower + digits + "-._"

func plain(subject string) bool {
	return subject != "" && len(subject) <= longestName && !strings.Contains(subject, "--") && strings.Trim(subject, allowed) == ""
}
