package story

const reportPlugin = "report_service"

// customersFile says whose guests were on pve3.
const customersFile = `[acme]
name = Acme Ltd
language = es
timezone = Europe/Madrid
mail = ops@acme.example
guests = vmid:103
[gans]
name = Bäckerei "Zur Gans"
language = de
timezone = Europe/Berlin
mail = info@gans.example
guests = vmid:105
`

// shown is what comes after: the work that nobody saw is shown.
func shown() []Step {
	report := reportPlugin + " --node pve3 --customers $CUSTOMERS --bmc pve3=$BMC"
	return []Step{
		{
			Happens: "The work is done, and nobody has noticed. This is what the customer of db1 reads.",
			Command: question(report + " --customer gans"), Exit: 0, Line: `Servicebericht`,
			Why: "Every sentence comes from an entry of the journal. What was not measured is said as well.",
		},
		{
			Happens: "The same for all customers, as pages to send or to print.",
			Command: question(report + " --all --format html,text --out $REPORTS"), Exit: 0, Line: `OK: 1 maintenance, 2 guests moved, longest gap \d+ ms, `,
			Why: "Each in his language: Spanish for one, German for the other. The journal of a story that takes forty seconds is short, a real one has hours.",
		},
	}
}

// Reports is the directory that the pages are written to.
func (w *World) Reports() string { return w.names["REPORTS"] }
