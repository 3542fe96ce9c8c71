// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package certify_test

import (
	"fmt"

	"retort/eval/certify"
)

// A student that has been judged on 200 labels it had not seen, and was wrong on the two it was least sure of.
func ExampleStrict() {
	judged := make([]certify.Judgement, 200)
	for i := range judged {
		judged[i] = certify.Judgement{Score: 1 - float64(i)/400, Agree: i < 198}
	}
	c, err := certify.Strict(judged, certify.Goal{Agreement: 0.95, Confidence: 0.95})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(c)
	fmt.Println(c.Answers(0.99))
	// Output:
	// certified: with confidence 95.0 % at least 96.8 % of the answers agree with the teacher, for scores of 0.5025 and above (200 of 200 unseen labels answered, 99.0 % agreed)
	// true
}

func ExampleFeasible() {
	consistency, err := certify.MeasureConsistency(451, 500, 0.95)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(certify.Feasible(0.95, consistency))
	// Output:
	// a target of 95.0 % is above the teacher's own consistency: asked again, it gave the same answer 451 of 500 times (90.2 %, at most 92.3 % with confidence 95.0 %), and even a student that always gave its most usual answer would agree with it on about 94.9 %; set the target to 92.3 % or below, or make the teacher steadier (temperature 0, clearer instructions, a vote)
}
