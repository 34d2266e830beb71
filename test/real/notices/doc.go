// Package notices carries notices to real software: Debian's postfix and its
// Maildir, Python's email, icalendar and feedparser, a browser, and a web hook in
// Python that checks the signature. It needs root; whatever is started is private
// to the test, and ends with it.
package notices
