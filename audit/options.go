// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package audit

import "fmt"

func (o *Options) fill() error {
	if o.Alpha == 0 {
		o.Alpha = 0.05
	}
	if o.Margin == 0 {
		o.Margin = 0.02
	}
	if o.Pairs == 0 {
		o.Pairs = 100
	}
	if o.Pairs < 0 {
		return fmt.Errorf("audit: pairs is %d: give how many pairs of texts to put to the teacher, or 0 for 100", o.Pairs)
	}
	if !(o.Alpha > 0 && o.Alpha < 0.5) {
		return fmt.Errorf("audit: alpha is %v: give a number between 0 and 0.5, both excluded", o.Alpha)
	}
	if !(o.Margin > 0 && o.Margin < 1) {
		return fmt.Errorf("audit: margin is %v: give a share between 0 and 1, both excluded", o.Margin)
	}
	if o.Progress == nil {
		o.Progress = func(string, int, int) {}
	}
	return nil
}
