package secret

import (
	"errors"
	"fmt"
	"io/fs"
)

// fromFile reads the credentials file and picks the section of host.
func fromFile(path, host string) (Credentials, error) {
	found, err := pick(path, host)
	if err != nil {
		return Credentials{}, fmt.Errorf("--auth-file %w", err)
	}
	return found, nil
}

func pick(path, host string) (Credentials, error) {
	accounts, err := read(path)
	if err != nil {
		return Credentials{}, err
	}
	found, err := choose(accounts, host)
	if err != nil {
		return Credentials{}, fileError(path, err)
	}
	return found.credentials, nil
}

// read reads the whole credentials file.
func read(path string) ([]account, error) {
	sections, err := sections(path, private)
	if err != nil {
		return nil, err
	}
	accounts, err := accountsOf(sections)
	if err != nil {
		return nil, fileError(path, err)
	}
	return accounts, nil
}

// sameSection is nil when one section is the choice for both hosts.
func sameSection(path, asked, other string) error {
	accounts, err := read(path)
	if err != nil {
		return err
	}
	first, err := choose(accounts, asked)
	if err != nil {
		return err
	}
	second, err := choose(accounts, other)
	if err != nil {
		return err
	}
	if first.line != second.line {
		return fmt.Errorf("the section in line %d speaks for it, that in line %d for %s", second.line, first.line, bare(asked))
	}
	return nil
}

// private refuses a file that somebody else can read or change.
func private(info fs.FileInfo) error {
	if mode := info.Mode().Perm(); mode&0o027 != 0 {
		return fmt.Errorf("has mode %04o, expected no access for others and no writing for its group: chmod 600, or 640 with the group of the monitoring user", mode)
	}
	return owned(info)
}

// account is one section of the credentials file.
type account struct {
	pattern     pattern
	line        int
	credentials Credentials
}

// accountsOf reads every section, so that a mistake shows at once and not only
// on the day its host is asked.
func accountsOf(sections []Section) ([]account, error) {
	if len(sections) == 0 {
		return nil, errors.New("is empty, expected a section such as [bmc1.example.net] or [*]")
	}
	lines := make(map[pattern]int)
	accounts := make([]account, 0, len(sections))
	for _, section := range sections {
		pattern, err := patternOf(section.Name)
		if err != nil {
			return nil, at(section.Line, err)
		}
		if first := lines[pattern]; first != 0 {
			return nil, at(section.Line, fmt.Errorf("the same section as in line %d, expected each host once", first))
		}
		lines[pattern] = section.Line
		credentials, err := credentialsOf(section)
		if err != nil {
			return nil, err
		}
		accounts = append(accounts, account{pattern, section.Line, credentials})
	}
	return accounts, nil
}

// maxValue is the longest value of a key, in bytes.
const maxValue = 1024

// credentialsOf reads the keys of a section. Its errors do not repeat the name
// of an unknown key: it may be the tail of a password that was broken in two.
func credentialsOf(section Section) (Credentials, error) {
	if len(section.Keys) == 0 {
		return Credentials{}, at(section.Line, errors.New("an empty section, expected username, password, token or kg"))
	}
	var found Credentials
	seen := make(map[string]bool)
	for _, key := range section.Keys {
		if key.Bare {
			return Credentials{}, at(key.Line, errors.New("expected key = value"))
		}
		if seen[key.Name] {
			return Credentials{}, at(key.Line, errors.New("the same key again, expected each once in a section"))
		}
		seen[key.Name] = true
		switch key.Name {
		case "username":
			found.Username = key.Value
		case "password":
			found.Password = NewText(key.Value)
		case "token":
			found.Token = NewText(key.Value)
		case "kg":
			found.Kg = NewText(key.Value)
		default:
			return Credentials{}, at(key.Line, errors.New("unknown key, expected username, password, token or kg"))
		}
		if n := len(key.Value); n == 0 || n > maxValue {
			return Credentials{}, at(key.Line, fmt.Errorf("expected 1 to %d bytes after the =", maxValue))
		}
	}
	return found, nil
}
