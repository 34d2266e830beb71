"""Reads an Atom feed as a feed reader does and prints it as JSON."""
import json
import sys

import feedparser

feed = feedparser.parse(sys.argv[1])
json.dump({
    "bozo": str(feed.get("bozo_exception", "")) if feed.bozo else "",
    "version": feed.version,
    "id": feed.feed.id,
    "title": feed.feed.title,
    "author": feed.feed.author,
    "updated": feed.feed.updated,
    "links": [link.rel + " " + link.href for link in feed.feed.links],
    "entries": [{"id": e.id, "title": e.title, "updated": e.updated, "content": e.content[0].value, "type": e.content[0].type, "language": e.content[0].language} for e in feed.entries],
}, sys.stdout)
