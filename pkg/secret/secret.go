package secret

import (
	"errors"
	"fmt"
	"os"
)

// Options is the credentials flag, spelled alike in every plugin.
type Options struct {
	AuthFile string `name:"auth-file" help:"Credentials file (INI): sections are hosts, keys username, password, token, kg." placeholder:"FILE"`
}

// Credentials of one device. What is not known is zero; the source says what it
// cannot do without.
type Credentials struct {
	Username string
	Password Text
	Token    Text
	Kg       Text // IPMI's BMC key
}

// Secrets lists what must not be seen, for [Scrub].
func (c Credentials) Secrets() []Text { return []Text{c.Password, c.Token, c.Kg} }

// environment returns the credentials of the environment.
func environment() Credentials {
	return Credentials{
		Username: os.Getenv("NOOUT_USERNAME"),
		Password: NewText(os.Getenv("NOOUT_PASSWORD")),
		Token:    NewText(os.Getenv("NOOUT_TOKEN")),
	}
}

// For finds the credentials of the device that -H names: from the file when
// one is given, else from NOOUT_USERNAME, NOOUT_PASSWORD and NOOUT_TOKEN. All
// of them missing is no error.
func (o Options) For(host string) (Credentials, error) {
	if o.AuthFile == "" {
		return environment(), nil
	}
	return o.FromFile(host)
}

// FromFile finds the credentials of any other device, which the environment
// does not speak for: zero when no file is given.
func (o Options) FromFile(host string) (Credentials, error) {
	if o.AuthFile == "" {
		return Credentials{}, nil
	}
	return fromFile(o.AuthFile, host)
}

// Check is nil when no file is given, or all of it can be read.
func (o Options) Check() error {
	if o.AuthFile == "" {
		return nil
	}
	if _, err := read(o.AuthFile); err != nil {
		return fmt.Errorf("--auth-file %w", err)
	}
	return nil
}

// SameSection is nil when the section of the credentials file that speaks for
// the host that was asked is also the one for another host, which a device has
// named. What the environment holds is for the hosts of -H alone.
func (o Options) SameSection(asked, other string) error {
	if o.AuthFile == "" {
		return errors.New("the password of the environment is for the hosts of -H only")
	}
	if err := sameSection(o.AuthFile, asked, other); err != nil {
		return fmt.Errorf("--auth-file %w", err)
	}
	return nil
}
