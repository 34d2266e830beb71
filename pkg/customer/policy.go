package customer

import (
	"errors"
	"time"

	"github.com/noout-monitoring/noout/pkg/regex"
)

// longestAfter is how long a customer can want a silence to be before he is told.
const longestAfter = 24 * time.Hour

// account is what all readers of calendars take as it stands.
var account = regex.Of(`^[A-Za-z0-9._:-]{1,120}$`)

// policy are the keys that say of what a customer is told, and how.
func (c *Customer) policy(name, value string) error {
	switch name {
	case "account":
		if c.Account = value; !account.MatchString(value) {
			return errors.New("expected the customer's number: letters, digits and . _ : -")
		}
	case "tell":
		c.Tell = Telling{}
		for _, word := range words(value) {
			switch word {
			case "planned":
				c.Tell.Planned = true
			case "disturbances":
				c.Tell.Disturbances = true
			case "nothing":
			default:
				return errors.New("expected planned, disturbances, both of them, or nothing")
			}
		}
	case "after":
		after, err := time.ParseDuration(value)
		if err != nil || after < time.Minute || after > longestAfter {
			return errors.New("expected a time from 1m to 24h, such as 5m")
		}
		c.After = after
	case "calendar":
		if c.Calendar = value; value != CalendarPlain && value != CalendarRequest && value != CalendarNone {
			return errors.New("expected plain, request or none")
		}
	case "pages":
		if c.Pages = value; !key.MatchString(value) {
			return errors.New("expected a folder's name: small letters, digits, - and _")
		}
	default:
		return errors.New("unknown key, expected name, language, timezone, mail, webhook, guests, account, tell, after, calendar or pages")
	}
	return nil
}
