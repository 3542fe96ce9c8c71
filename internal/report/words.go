// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"html/template"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"

	"retort/eval/certify"
	"retort/model"
)

// space binds a number to its unit.
const space = "\u00a0"

// promise says a certificate in plain words: a headline and the sentences under it.
func promise(c certify.Certificate) (headline string, sentences []string) {
	confidence, target := whole(c.Confidence), whole(c.Target)
	switch c.Status {
	case certify.Certified:
		headline = fmt.Sprintf("With %s confidence, at least %s of this student's answers agree with the teacher.", confidence, bound(c.Lower))
		sentences = append(sentences,
			fmt.Sprintf("Judged on %s labels that the student had never seen: it answered %s of them and agreed on %s, which is %s.",
				number(c.Labels), number(c.Answered), number(c.Agreed), percent(c.Agreement)),
			"The promise holds as long as requests keep coming from the same kind of traffic as those labels. When they change, certify again.")
	case certify.Provisional:
		headline = fmt.Sprintf("Cross-fitted scores put the agreement of this student's answers with the teacher at %s or more, at %s confidence.", bound(c.Lower), confidence)
		sentences = append(sentences,
			fmt.Sprintf("%s labels took part, each scored by a sibling of the student that had not seen it: %s would have been answered, and %s of those agreed.",
				number(c.Labels), number(c.Answered), percent(c.Agreement)),
			"This is provisional: the method is well tested, but no finite-sample theorem covers the student that was trained on all labels. "+
				"Labels that it never saw, from a held-out file, turn it into a certificate or withdraw it.")
	default:
		headline = "Nothing can be promised yet, so the student stays silent and the teacher answers everything."
		if c.Reason != "" {
			sentences = append(sentences, sentence(c.Reason))
		}
		if c.MoreLabels > 0 && !strings.Contains(c.Reason, "more labels") {
			sentences = append(sentences, fmt.Sprintf("About %s more labels of the same kind should be enough, if the agreement seen so far holds.", number(c.MoreLabels)))
		}
		if c.Target > 0 {
			sentences = append(sentences, fmt.Sprintf("Asked for were %s agreement at %s confidence.", target, confidence))
		}
	}
	return headline, sentences
}

// method names how a threshold was found.
func method(m certify.Method) string {
	switch m {
	case certify.MethodStrict:
		return "strict: labels kept from training set the threshold"
	case certify.MethodVerified:
		return "verified: a threshold fixed before was put to labels that the student never saw"
	default:
		return "cross-fitted: every label judged a model that had not seen it"
	}
}

// percent prints an observed share with one decimal.
func percent(x float64) string { return fmt.Sprintf("%.1f", 100*x) + space + "%" }

// bound prints a lower bound with one decimal, rounded down, so that no text claims more than was shown.
func bound(x float64) string { return percent(math.Floor(x*1000+1e-9) / 1000) }

// whole prints a share without needless decimals: 95 %, 99.5 %.
func whole(x float64) string {
	return strconv.FormatFloat(math.Round(x*1e6)/1e4, 'f', -1, 64) + space + "%"
}

// number prints a count with thin groups of three digits.
func number(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// money prints US dollars with enough decimals to show small amounts.
func money(m model.Money) string {
	usd := float64(m) / float64(model.Dollar)
	switch {
	case usd == 0:
		return "$0"
	case usd < 0.01:
		return string(model.AppendDollars([]byte("$"), usd))
	case usd < 1:
		return fmt.Sprintf("$%.3f", usd)
	}
	return fmt.Sprintf("$%.2f", usd)
}

// span prints a duration with about three digits.
func span(d time.Duration) string {
	us := float64(d.Nanoseconds()) / 1e3
	switch {
	case d <= 0:
		return "–"
	case us >= 1e6:
		return digits(us/1e6) + space + "s"
	case us >= 1e3:
		return digits(us/1e3) + space + "ms"
	}
	return digits(us) + space + "µs"
}

// digits prints a positive number with three significant digits, or whole above 100.
func digits(x float64) string {
	switch {
	case x >= 100:
		return fmt.Sprintf("%.0f", x)
	case x >= 10:
		return fmt.Sprintf("%.1f", x)
	}
	return fmt.Sprintf("%.2f", x)
}

// size prints a number of bytes.
func size(n int64) string {
	if n >= 1<<20 {
		return fmt.Sprintf("%.1f", float64(n)/(1<<20)) + space + "MB"
	}
	return fmt.Sprintf("%.0f", float64(n)/(1<<10)) + space + "kB"
}

// sentence makes a reason stand alone: a capital first, a full stop last.
func sentence(s string) string {
	r := []rune(strings.TrimSpace(s))
	if len(r) == 0 {
		return ""
	}
	r[0] = unicode.ToUpper(r[0])
	if !strings.ContainsRune(".!?", r[len(r)-1]) {
		r = append(r, '.')
	}
	return string(r)
}

// excerpt makes untrusted text fit a line or two: control and direction characters become spaces, runs of spaces one,
// and what is beyond n runes an ellipsis.
func excerpt(s string, n int) string {
	if len(s) > 8*n { // more bytes than n runes and their spaces need
		s = s[:8*n]
	}
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == unicode.ReplacementChar {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, " "))
	r := []rune(strings.Join(strings.Fields(s), " "))
	if len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return string(r)
}

// breakable escapes a label and lets its line break after each underscore, where a narrow screen has no room for all of it.
func breakable(s string) template.HTML {
	return template.HTML(strings.ReplaceAll(template.HTMLEscapeString(s), "_", "_<wbr>")) // no escape contains an underscore
}
