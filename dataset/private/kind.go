// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package private

import "strings"

// Kind is a kind of personal data or secret.
type Kind uint8

// The kinds. Those with a check are found where the check passes.
const (
	Email      Kind = 1 + iota // someone@example.org, also with %40
	Phone                      // +49 30 …, (202) 555-0143, 01 23 45 67 89
	Card                       // payment cards: issuer, length and Luhn's check
	IBAN                       // country's length and ISO 7064 mod 97
	BIC                        // after the words BIC or SWIFT
	IP                         // version 4 and 6, but neither loopback nor netmasks
	USSSN                      // social security number: ranges that are given out
	CASIN                      // social insurance number: Luhn's check
	BRCPF                      // two check digits
	INAadhaar                  // Verhoeff's check
	UKNINO                     // national insurance number: prefixes that are given out
	UKNHS                      // mod 11
	FRNIR                      // social security number with its key, mod 97
	ESDNI                      // DNI and NIE: check letter
	ITFiscal                   // codice fiscale: check letter
	DETax                      // Steuer-Identifikationsnummer: ISO 7064 mod 11,10
	NLBSN                      // elfproef
	PLPESEL                    // date and check digit
	CHAHV                      // AHV/AVS number: EAN-13 check digit
	SEPersonal                 // personnummer: date and Luhn's check
	AWSKey
	GitHubToken
	GitLabToken
	SlackToken // and incoming webhooks
	StripeKey
	GoogleKey
	OpenAIKey
	AnthropicKey
	NPMToken
	PyPIToken
	JWT         // with a header that says how it is signed
	PrivateKey  // PEM and PGP blocks
	URLPassword // the password of scheme://user:password@host
	Bearer      // after Bearer, or Basic and a user with a password
	Password    // what the text calls a password
	Secret      // other keys of known formats, and what the text calls a key, a token or a secret and looks random

	kinds = iota + 1
)

var names = [kinds]string{
	Email: "email", Phone: "phone", Card: "card", IBAN: "iban", BIC: "bic", IP: "ip",
	USSSN: "us_ssn", CASIN: "ca_sin", BRCPF: "br_cpf", INAadhaar: "in_aadhaar", UKNINO: "uk_nino", UKNHS: "uk_nhs", FRNIR: "fr_nir",
	ESDNI: "es_dni", ITFiscal: "it_codice_fiscale", DETax: "de_steuer_id", NLBSN: "nl_bsn", PLPESEL: "pl_pesel", CHAHV: "ch_ahv",
	SEPersonal: "se_personnummer", AWSKey: "aws_key", GitHubToken: "github_token", GitLabToken: "gitlab_token", SlackToken: "slack_token",
	StripeKey: "stripe_key", GoogleKey: "google_key", OpenAIKey: "openai_key", AnthropicKey: "anthropic_key", NPMToken: "npm_token",
	PyPIToken: "pypi_token", JWT: "jwt", PrivateKey: "private_key", URLPassword: "url_password", Bearer: "bearer", Password: "password",
	Secret: "secret",
}

// String returns the kind's name, such as "email" or "us_ssn".
func (k Kind) String() string {
	if k == 0 || k >= kinds {
		return "unknown"
	}
	return names[k]
}

// Kinds returns all kinds in their order.
func Kinds() []Kind {
	all := make([]Kind, 0, kinds-1)
	for k := Kind(1); k < kinds; k++ {
		all = append(all, k)
	}
	return all
}

// placeholder is the kind's word in placeholders.
var placeholder = func() (words [kinds]string) {
	for k := range words {
		words[k] = strings.ToUpper(names[k])
	}
	return words
}()
