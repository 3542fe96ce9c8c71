// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package flow

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"retort/model"
)

// The test binary is its own victim: with this in its environment it works on a run in a folder until it is killed.
const victim = "RETORT_FLOW_VICTIM"

func TestMain(m *testing.M) {
	if dir := os.Getenv(victim); dir != "" {
		if err := beVictim(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// asked is how many questions a victim's run puts.
const asked = 40

// clerk answers and writes down each time that it does, and then tells the parent, which may kill.
func clerk(dir string) model.Model {
	return model.Func(func(ctx context.Context, req *model.Request, _ func(model.Part) error) (*model.Response, error) {
		content, err := req.Content()
		if err != nil {
			return nil, err
		}
		text := content.Messages[len(content.Messages)-1].Text()
		f, err := os.OpenFile(filepath.Join(dir, "paid"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		_, err = fmt.Fprintf(f, "%s %s\n", model.IdempotencyKey(ctx), text)
		return &model.Response{Model: "clerk", Choices: []model.Choice{{Message: model.Text(model.Assistant, "re: "+text)}}}, err
	})
}

func victimKind(dir string) Kind {
	return Define("ask", 1, func(ctx Context, _ struct{}) (string, error) {
		answers, err := All(ctx, "ask", asked, 4, func(step context.Context, i int) (string, error) {
			a, err := Call(step, clerk(dir), model.NewRequest("clerk", model.Prompt(fmt.Sprint("question ", i))))
			if err != nil {
				return "", err
			}
			fmt.Println("answered", i)
			return a.Response.Text(), nil
		})
		if err != nil {
			return "", err
		}
		return Step(ctx, "join", func(context.Context) (string, error) { return strings.Join(answers, "; "), nil })
	})
}

func beVictim(dir string) error {
	ctx := context.Background()
	k := victimKind(dir)
	e, err := Open(ctx, Options{Dir: filepath.Join(dir, "runs"), Kinds: []Kind{k}})
	if err != nil {
		return err
	}
	runs, err := e.List(ctx)
	if err != nil {
		return err
	}
	var id string
	if len(runs) == 0 {
		id, err = e.Start(ctx, k, Start{}, struct{}{})
	} else {
		id = runs[0].ID
		if runs[0].State == Interrupted {
			err = e.Resume(ctx, id)
		}
	}
	var out string
	if err == nil {
		err = e.Result(ctx, id, &out)
	}
	if err != nil {
		return err
	}
	fmt.Println("result", out)
	return e.Close()
}

// TestKilledRunGoesOn kills the process of a run again and again, at a moment of the run that the process tells, until it is
// left in peace: the result is what it would have been, and no answer that came back was asked for twice.
func TestKilledRunGoesOn(t *testing.T) {
	if testing.Short() {
		t.Skip("starts and kills some processes")
	}
	dir := t.TempDir()
	var want []string
	for i := range asked {
		want = append(want, fmt.Sprint("re: question ", i))
	}
	random := rand.New(rand.NewPCG(1, 2))
	const kills = 6
	for n := 0; ; n++ {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), victim+"="+dir)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		after, seen, result := 1+random.IntN(5), 0, ""
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if text, ok := strings.CutPrefix(lines.Text(), "result "); ok {
				result = text
			}
			if seen++; n < kills && seen == after {
				if err := cmd.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		err = cmd.Wait()
		if n < kills {
			if result != "" {
				t.Fatalf("the run ended before kill %d", n+1)
			}
			continue
		}
		if err != nil || result != strings.Join(want, "; ") {
			t.Fatalf("got %q, %v", result, err)
		}
		break
	}
	text, err := os.ReadFile(filepath.Join(dir, "paid"))
	if err != nil {
		t.Fatal(err)
	}
	// An answer that was given and not yet written down when the kill came is asked for again, under the same key: of the four
	// at a time, that many at each kill and no more.
	times, key := map[string]int{}, map[string]string{}
	for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		k, question, _ := strings.Cut(line, " ")
		times[question]++
		if k == "" || key[question] != "" && key[question] != k {
			t.Errorf("%s was asked with key %q and then %q", question, key[question], k)
		}
		key[question] = k
	}
	again := 0
	for _, n := range times {
		again += n - 1
	}
	if len(times) != asked || again > 4*kills {
		t.Errorf("%d questions were asked, %d of them again", len(times), again)
	}
	t.Logf("%d kills: %d questions asked, %d again under their own key", kills, len(times), again)
}
