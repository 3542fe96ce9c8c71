// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package compose

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"retort/model"
	"retort/model/modeltest"
)

func arms(weights ...float64) []Arm {
	var list []Arm
	for i, w := range weights {
		name := string(rune('a' + i))
		list = append(list, Arm{modeltest.Echo(name), w, name})
	}
	return list
}

func TestSplitKeepsUnitsInTheirArms(t *testing.T) {
	ask := func(m model.Model, req *model.Request) string {
		resp, err := m.Generate(context.Background(), req, model.Discard)
		if err != nil {
			t.Fatal(err)
		}
		return resp.Model
	}
	with := func(change func(*model.Content)) *model.Request {
		c := model.Prompt("hello")
		change(c)
		return model.NewRequest("test", c)
	}
	units := map[Unit]func(i int) *model.Request{
		UnitTenant:       func(i int) *model.Request { return from(fmt.Sprint(i), "") },
		UnitKey:          func(i int) *model.Request { return from("a", fmt.Sprint(i)) },
		UnitUser:         func(i int) *model.Request { return with(func(c *model.Content) { c.User = fmt.Sprint(i) }) },
		UnitConversation: func(i int) *model.Request { return conversation(i, i%3) },
		UnitRequest: func(i int) *model.Request {
			req := from("a", "")
			req.Trace = fmt.Sprint(i)
			return req
		},
		"metadata.user.id": func(i int) *model.Request {
			return with(func(c *model.Content) {
				c.Extra = map[string]json.RawMessage{"metadata": json.RawMessage(fmt.Sprintf(`{"other":"x","user.id":"%d"}`, i))}
			})
		},
	}
	for unit, req := range units {
		t.Run(string(unit), func(t *testing.T) {
			const n = 3000
			x, y := Splitting{By: unit, Salt: "x"}, Splitting{By: unit, Salt: "y"}
			few, more, other := Split(arms(0.9, 0.1), x), Split(arms(0.8, 0.2), x), Split(arms(0.5, 0.5), y)
			inB, both := 0, 0
			for i := range n {
				arm := ask(few, req(i))
				if again := ask(few, req(i)); again != arm {
					t.Fatalf("unit %d is in %s and in %s", i, arm, again)
				}
				if arm == "b" {
					inB++
					if ask(more, req(i)) != "b" {
						t.Fatalf("unit %d left its arm when that grew", i)
					}
					if ask(other, req(i)) == "b" {
						both++
					}
				}
			}
			if math.Abs(float64(inB)-0.1*n) > 60 {
				t.Errorf("%d of %d units are in the arm of a tenth", inB, n)
			}
			if half := float64(inB) / 2; math.Abs(float64(both)-half) > 40 {
				t.Errorf("of %d units %d are in the second arm of another split: want half", inB, both)
			}
		})
	}
}

// The arms of known users must never change: experiments outlive releases.
func TestSplitIsForGood(t *testing.T) {
	s := Split(arms(1, 1, 2), Splitting{By: UnitUser, Salt: "test"})
	got := ""
	for i := range 24 {
		c := model.Prompt("hello")
		c.User = fmt.Sprint("user-", i)
		resp, err := s.Generate(context.Background(), model.NewRequest("test", c), model.Discard)
		if err != nil {
			t.Fatal(err)
		}
		got += resp.Model
	}
	if want := "bcccbacbcccbaccabacccccb"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestSplitWithoutAUnit(t *testing.T) {
	if got := answerers(t, Split(arms(1, 3, 3), Splitting{By: UnitUser, Salt: "x"}), 5, same); got["b"] != 5 {
		t.Errorf("got %v; want the first of the largest arms", got)
	}
	if got := answerers(t, Split(arms(1, 0), Splitting{By: UnitTenant, Salt: "x"}), 5, same); got["a"] != 5 {
		t.Errorf("got %v; want none in an arm without a share", got)
	}
	if _, err := ask(Split(nil, Splitting{By: UnitUser, Salt: "x"})); model.KindOf(err) != model.Internal {
		t.Errorf("got %v; want an error for no models", err)
	}
	unreadable := &model.Request{Wire: model.NewWire("x", nil, nil, func([]byte) (*model.Content, error) {
		return nil, &model.Error{Kind: model.Invalid, Op: "read request"}
	})}
	split := Split(arms(1, 1), Splitting{By: UnitUser, Salt: "x"})
	if _, err := split.Generate(context.Background(), unreadable, model.Discard); model.KindOf(err) != model.Invalid {
		t.Errorf("got %v; want the error of a request that cannot be read", err)
	}
}

// TestSplitIsOnTheTrail asks as a user, as nobody, and after the split was settled.
func TestSplitIsOnTheTrail(t *testing.T) {
	inner := Split(arms(1, 1), Splitting{Name: "inner", By: UnitUser, Salt: "y"})
	s := Split([]Arm{{inner, 3, "in"}, {modeltest.Echo("out"), 1, "out"}}, Splitting{Name: "outer", By: UnitUser, Salt: "x"})
	chosen := func(user string) []model.Arm {
		c := model.Prompt("hello")
		c.User = user
		trail := &model.Trail{}
		twice := Fallback(Split([]Arm{{alwaysDown(), 1, "in"}}, Splitting{Name: "outer", By: UnitUser}), s)
		if user == "" {
			twice = s
		}
		if _, err := twice.Generate(model.WithTrail(context.Background(), trail), model.NewRequest("test", c), model.Discard); err != nil {
			t.Fatal(err)
		}
		got := trail.Arms()
		for i := range got {
			got[i].Unit = min(got[i].Unit, 1)
		}
		return got
	}
	check := func(want, got []model.Arm) {
		t.Helper()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	check([]model.Arm{{Split: "outer", Name: "in", Unit: 1}, {Split: "inner", Name: "a", Unit: 1}}, chosen("u4"))
	check([]model.Arm{{Split: "outer", Name: "in"}, {Split: "inner", Name: "a"}}, chosen(""))
	if s.Settle("nobody") || !s.Settle("out") {
		t.Error("Settle takes a wrong name or no right one")
	}
	check([]model.Arm{{Split: "outer", Name: "out"}}, chosen(""))
	s.Settle("")
	check([]model.Arm{{Split: "outer", Name: "in"}, {Split: "inner", Name: "a"}}, chosen(""))
}

func TestUnits(t *testing.T) {
	var got []string
	cached := conversation(1, 0)
	content, err := cached.Content()
	if err != nil {
		t.Fatal(err)
	}
	content.CacheKey = "key"
	image := model.NewRequest("test", &model.Content{Messages: []model.Message{{Role: model.User, Blocks: []model.Block{
		{Kind: model.ImageBlock, Media: &model.Media{URL: "u", Data: []byte("d")}}, {Kind: model.TextBlock, Text: "what?"}}}}})
	for _, req := range []*model.Request{conversation(1, 0), conversation(1, 2), cached, image} {
		unit, err := UnitConversation.appendOf(nil, req)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, string(unit))
	}
	opening := "Be brief.\x00question 1\x00"
	if diff := cmp.Diff([]string{opening, opening, "key", "ud\x00what?\x00"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
