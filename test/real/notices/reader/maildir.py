"""Reads a Maildir as a mail program does and prints it as JSON, sorted by Date."""
import email
import email.policy
import json
import mailbox
import sys

import icalendar


def calendar_of(part):
    parsed = icalendar.Calendar.from_ical(part.get_payload(decode=True))
    events = list(parsed.walk("VEVENT"))
    event = events[0]

    def said(value):
        if hasattr(value, "dt"):
            return value.dt.isoformat()
        return str(value)

    objects = event.get("X-MAINTNOTE-OBJECT-ID", [])
    if not isinstance(objects, list):
        objects = [objects]
    organizer = event["ORGANIZER"]
    return {
        "method": str(parsed.get("METHOD", "")),
        "disposition": part.get_content_disposition() + " " + part.get_filename() + " " + part.get_param("method", ""),
        "events": len(events),
        "event": {k: said(v) for k, v in event.items() if k not in ("X-MAINTNOTE-OBJECT-ID", "ORGANIZER")},
        "objects": [str(o) for o in objects],
        "organizer": str(organizer.params.get("CN", "")) + " " + str(organizer),
    }


def mail_of(raw):
    message = email.message_from_bytes(raw, policy=email.policy.default)
    out = {"headers": {}, "parts": [], "text": "", "html": "", "calendar": None, "defects": [repr(d) for d in message.defects]}
    for name, value in message.items():
        if name in out["headers"]:
            out["defects"].append("twice: " + name)
        out["headers"][name] = str(value)
        out["defects"] += [repr(d) for d in value.defects]
    for part in message.walk():
        out["parts"].append(part.get_content_type())
        out["defects"] += [repr(d) for d in part.defects]
        if part.get_content_type() == "text/calendar":
            out["calendar"] = calendar_of(part)
    out["text"] = message.get_body(("plain",)).get_content()
    out["html"] = message.get_body(("html",)).get_content()
    out["date"] = message["Date"].datetime.timestamp()
    return out


mails = [mail_of(box.as_bytes()) for box in mailbox.Maildir(sys.argv[1], create=False)]
json.dump(sorted(mails, key=lambda m: m["date"]), sys.stdout)
