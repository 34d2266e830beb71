package lenient

// Part is a part of a document as it stands there. A json.RawMessage is a copy of it,
// which of a list of fifty thousand guests is 15 MiB, and its rows as many again.
// It is for json.Unmarshal only, whose document stays as it is while its parts
// are used; a json.Decoder writes over them.
type Part []byte

// UnmarshalJSON takes the part. That json.Unmarshal hands out its document and no
// copy of it is held by a test.
func (p *Part) UnmarshalJSON(raw []byte) error {
	*p = raw
	return nil
}
