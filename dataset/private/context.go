// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package private

import "bytes"

// What a word says of a number near it, as bits.
const (
	saysPhone = 1 << iota
	saysCard
	saysSSN
	saysSIN
	saysCPF
	saysAadhaar
	saysNINO
	saysNHS
	saysNIR
	saysDNI
	saysTax
	saysBSN
	saysPESEL
	saysAHV
	saysPersonal
	saysBIC
	saysIP
	saysVersion // and sections of a text
	saysOther   // orders, invoices, parcels …
)

// near is how many bytes before or after a number are searched for words about it.
const near = 48

// answer is how many bytes after the end of a sentence a number may begin that belongs to it: "My number? It is 12".
const answer = 24

var says = func() map[string]uint32 {
	t := map[string]uint32{}
	for _, g := range []struct {
		bits  uint32
		words []string
	}{
		{saysPhone, []string{"phone", "phones", "telephone", "tel", "mobile", "cell", "cellphone", "landline", "fax", "whatsapp", "sms", "hotline", "dial", "call",
			"calls", "called", "calling", "callback", "ring", "rang", "text", "texted", "voicemail", "reach", "reachable", "telefon", "telefonnummer", "handy", "handynummer", "mobil",
			"mobilnummer", "anrufen", "anruf", "erreichbar", "erreichen", "rufen", "festnetz", "téléphone", "téléphoner", "portable", "joindre", "joignable", "appeler", "appelez",
			"teléfono", "telefono", "móvil", "movil", "llamar", "llámame", "llámeme", "celular", "cellulare", "chiamare", "chiamami", "chiamatemi", "bellen", "telefoonnummer", "mobiel",
			"telefone", "telemóvel", "ligue", "zadzwoń", "dzwonić", "telefonu", "komórka", "komórkę", "phoned", "dialled", "dialed", "viber", "signal", "telegram"}},
		{saysCard, []string{"card", "cards", "visa", "mastercard", "amex", "maestro", "discover", "credit", "debit", "pan", "kreditkarte", "karte", "carte", "tarjeta", "carta", "cartão",
			"kaart", "creditcard", "cc", "karty", "kartennummer"}},
		{saysSSN, []string{"ssn", "social", "ssns"}},
		{saysSIN, []string{"sin", "nas", "insurance", "assurance"}},
		{saysCPF, []string{"cpf"}},
		{saysAadhaar, []string{"aadhaar", "aadhar", "adhaar", "uidai", "uid", "kyc"}},
		{saysNINO, []string{"nino", "ni", "insurance"}},
		{saysNHS, []string{"nhs"}},
		{saysNIR, []string{"nir", "sécu", "sociale", "insee", "vitale"}},
		{saysDNI, []string{"dni", "nie", "nif"}},
		{saysTax, []string{"steuer", "steueridentifikationsnummer", "idnr", "tin", "identifikationsnummer", "steuernummer", "idno", "steuerid"}},
		{saysBSN, []string{"bsn", "burgerservicenummer", "sofinummer", "sofi"}},
		{saysPESEL, []string{"pesel", "peselu", "peselem"}},
		{saysAHV, []string{"ahv", "avs", "oasi"}},
		{saysPersonal, []string{"personnummer", "personnumret", "pnr", "personal"}},
		{saysBIC, []string{"bic", "swift"}},
		{saysIP, []string{"ip", "ipv", "address", "addresses", "host", "hosts", "server", "servers", "ping", "pinged", "gateway", "dns", "resolver", "nameserver", "client", "peer", "router", "ssh",
			"connect", "connected", "login", "logins", "vpn", "subnet", "network", "adresse", "dirección", "ipadresse", "traceroute", "firewall", "proxy", "nat", "iprange", "listen",
			"x_forwarded_for", "remote_addr", "src", "dst", "traffic"}},
		{saysVersion, []string{"version", "versions", "v", "ver", "release", "releases", "released", "build", "firmware", "driver", "drivers", "chrome", "update", "updated", "upgrade", "upgraded", "patch", "patched",
			"section", "sections", "chapter", "clause", "paragraph", "package", "kernel", "bumped", "downgrade", "downgraded", "sdk", "dll", "assembly", "fileversion", "appendix", "article", "windows", "abschnitt",
			"kapitel", "runtime", "plugin", "bios", "edge", "installer", "changelog", "rev", "revision", "oid", "app", "requirement", "heading", "rule", "productversion", "table", "figure", "step", "level"}},
		{saysOther, []string{"order", "orders", "invoice", "invoices", "ticket", "tickets", "ref", "reference", "tracking", "parcel", "serial", "sku", "isbn", "ean", "gtin", "upc", "barcode",
			"imei", "meid", "build", "batch", "lot", "model", "part", "case", "transaction", "txn", "policy", "item", "items", "article", "flight", "page", "pages", "receipt", "booking", "confirmation", "shipment", "waybill",
			"voucher", "coupon", "code", "product", "bestellung", "bestellnummer", "auftrag", "auftragsnummer", "rechnung", "rechnungsnummer", "sendung", "sendungsnummer", "commande", "facture", "colis", "pedido", "factura", "envío",
			"ordine", "fattura", "spedizione", "bestelling", "factuur", "zamówienie", "zamówienia", "faktura", "artikel", "artikelnummer", "vin", "orcid", "doi", "patent", "timestamp", "epoch", "meter",
			"reading", "sample", "request", "error", "errno", "sequence", "seq", "bytes", "checksum", "account", "acct", "customer", "membership", "member", "loyalty", "licence", "license", "matricola",
			"sequencia", "population", "revenue", "budget", "eur", "usd", "gbp", "pln", "price", "total", "balance", "amount", "coordinates", "lat", "lon", "grid", "warehouse", "pallet", "container", "dossier",
			"vat", "ust", "kundennummer", "vertragsnummer", "offset", "row", "line", "rows", "run", "job", "pid", "port", "bestell", "auftrags", "rechnungs", "kunden", "vertrags", "bestelnummer", "ordernummer"}},
	} {
		for _, w := range g.words {
			t[w] |= g.bits
		}
	}
	return t
}()

// context says what the words near text[start:end] say of it: 1 when one of the bits wanted is said, -1 when the nearest word that says
// something before it says one of those against, 0 when nothing is said. Words before it come first, the nearest of all.
func (f *finder) context(start, end int, wanted, against uint32) int {
	if c := f.before(start, wanted, against); c != 0 {
		return c
	}
	return f.behind(end, wanted)
}

// inWord reports whether a byte is of a word of people's languages.
func inWord(c byte) bool { return class[c]&wordlike != 0 || c >= 0x80 }

// before looks at the words before start, the nearest first.
func (f *finder) before(start int, wanted, against uint32) int {
	s := f.s
	stop := max(0, start-near)
	for i := start; i > stop; {
		c := s[i-1]
		if !inWord(c) {
			if c == '!' || c == '\n' && i < start || start-i > answer && (c == '?' || c == '.' && at(s, i) == ' ' && is(s, i+1, upper)) {
				return 0
			}
			i--
			continue
		}
		j := i
		for i > stop && inWord(s[i-1]) {
			i--
		}
		if i == stop && i > 0 && inWord(s[i-1]) {
			return 0 // its beginning is too far
		}
		bits := wordSays(s[i:j])
		if j-i == 1 && bits == 0 {
			i, bits = dotted(s, i, stop)
		}
		if bits&wanted != 0 {
			return 1
		}
		if bits&against != 0 {
			return -1
		}
	}
	return 0
}

// dotted looks up the letters that end with the one at i, each with a point after it, as in S.I.N., and returns where they begin.
func dotted(s string, i, stop int) (start int, bits uint32) {
	var letter [4]byte
	n := len(letter)
	for from := i; ; from -= 2 {
		if n--; n < 0 || at(s, from+1) != '.' {
			return i, 0
		}
		letter[n], i = s[from], from
		if from-2 < stop || s[from-1] != '.' || !is(s, from-2, letters) {
			return i, wordSays(string(letter[n:]))
		}
	}
}

// behind looks at the words behind end, for those wanted alone.
func (f *finder) behind(end int, wanted uint32) int {
	s := f.s
	stop := min(len(s), end+near*2/3)
	for i := end; i < stop; {
		if c := s[i]; !inWord(c) {
			if c == '!' || c == '?' || c == ';' || c == '\n' || c == '.' && (i+1 == len(s) || s[i+1] == ' ') {
				return 0
			}
			i++
			continue
		}
		j := i
		for j < stop && inWord(s[j]) {
			j++
		}
		if wordSays(s[i:j])&wanted != 0 {
			return 1
		}
		i = j
	}
	return 0
}

// wordSays looks a word up whatever its case, and with the digits behind it, as in phone2, left out. Of names such as
// customer_phone and phone_number the last part that says something counts. An s may stand behind for several.
func wordSays(w string) uint32 {
	for len(w) > 1 && w[len(w)-1] >= '0' && w[len(w)-1] <= '9' {
		w = w[:len(w)-1]
	}
	var low [24]byte
	if len(w) > len(low) {
		w = w[len(w)-len(low):]
	}
	for i := range len(w) {
		low[i] = lowered(w[i])
	}
	name := low[:len(w)]
	bits := uint32(0)
	if bytes.IndexByte(name, '_') >= 0 {
		bits = says[string(name)]
	}
	for end := len(name); bits == 0 && end > 0; {
		part := bytes.LastIndexByte(name[:end], '_') + 1
		if bits = says[string(name[part:end])]; bits == 0 && end-part > 3 && name[end-1] == 's' {
			bits = says[string(name[part:end-1])]
		}
		end = part - 1
	}
	return bits
}

func lowered(c byte) byte {
	if class[c]&upper != 0 {
		c |= 0x20
	}
	return c
}
