package channel

import (
	"bytes"
	"errors"
	"fmt"
	"html"
	netmail "net/mail"
	"strings"

	"github.com/wneessen/go-mail"
)

const expectedAddress = "expected an address such as noc@example.net"

// address refuses what is no plain address: of two, with a name, or with
// letters of other scripts, which many relays do not take (SMTPUTF8).
func address(text string) error {
	parsed, err := netmail.ParseAddress(text)
	if err != nil || parsed.Name != "" || parsed.Address != text || len(text) > 254 || strings.ContainsFunc(text, outside) {
		return errors.New(expectedAddress)
	}
	return nil
}

// outside says that a character is not visible ASCII.
func outside(r rune) bool { return r > '~' || r < '!' }

// sender reads the address that mail comes from, with or without a name.
func sender(text string) (netmail.Address, error) {
	parsed, err := netmail.ParseAddress(text)
	if err != nil || address(parsed.Address) != nil || oneLine(parsed.Name) != parsed.Name {
		return netmail.Address{}, errors.New("--mail-from: " + expectedAddress + ", or a name and the address in angle brackets")
	}
	return *parsed, nil
}

// domain is what stands behind the @.
func domain(address string) string { return address[strings.LastIndexByte(address, '@')+1:] }

// compose makes the mail: text and HTML as alternatives, the calendar beside
// them, and no header that says which program wrote it.
func compose(from netmail.Address, to string, m Message) ([]byte, error) {
	if err := address(to); err != nil {
		return nil, fmt.Errorf("the customer's address: %w", err)
	}
	for _, id := range []string{m.ID, m.Thread} {
		if id != "" && (address(id) != nil || strings.ContainsAny(id, "<>")) || m.ID == "" {
			return nil, errors.New("the notice's id: expected one such as M-1.0@example.net")
		}
	}
	msg := mail.NewMsg(mail.WithNoDefaultUserAgent())
	msg.FromMailAddress(&from)
	msg.ToMailAddress(&netmail.Address{Address: to}) // To alone: a sendmail never hears of a blind copy
	msg.Subject(oneLine(m.Subject))
	msg.SetMessageIDWithValue(m.ID)
	msg.SetDateWithValue(m.Date)
	if m.Thread != "" && m.Thread != m.ID {
		msg.SetGenHeader(mail.HeaderInReplyTo, "<"+m.Thread+">")
		msg.SetGenHeader(mail.HeaderReferences, "<"+m.Thread+">")
	}
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no out-of-office answers
	if m.Lang != "" {
		msg.SetGenHeader(mail.HeaderContentLang, oneLine(m.Lang))
	}
	msg.SetBodyString(mail.TypeTextPlain, m.Text)
	if m.HTML != "" {
		msg.AddAlternativeString(mail.TypeTextHTML, page(m.Lang, m.Subject, m.HTML))
	}
	if m.Calendar != nil {
		kind := "text/calendar; charset=UTF-8"
		if m.CalendarMethod != "" {
			kind += "; method=" + m.CalendarMethod
		}
		if err := msg.AttachReader("maintenance.ics", bytes.NewReader(m.Calendar), mail.WithFileContentType(mail.ContentType(kind))); err != nil {
			return nil, fmt.Errorf("attaching the calendar: %w", err)
		}
	}
	var out bytes.Buffer
	if _, err := msg.WriteTo(&out); err != nil {
		return nil, fmt.Errorf("composing the mail: %w", err)
	}
	return out.Bytes(), nil
}

// page puts a fragment of HTML into a document. It asks nobody for anything.
func page(lang, title, fragment string) string {
	return `<!DOCTYPE html>` + "\n" + `<html lang="` + html.EscapeString(oneLine(lang)) + `"><head><meta charset="utf-8"><title>` +
		html.EscapeString(oneLine(title)) + `</title></head>` + "\n<body>\n" + fragment + "\n</body></html>\n"
}
