// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package bedrock

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"

	"retort/dialect/internal/called"
	"retort/dialect/internal/object"
	"retort/dialect/internal/schema"
	"retort/model"
)

// encoder writes the body of a request.
type encoder struct {
	object.Writer
	family  family
	content *model.Content
	notes   []string // what was left out beyond what the table says

	documents map[string]bool          // names given to documents
	elsewhere map[model.BlockKind]bool // of which a medium lies at a URL that Bedrock does not read
	more      map[string]json.RawMessage
	thinking  thinking

	surplus surplus // cache points that are too many
	points  int     // how many more of them to leave out where they are being written
}

func newEncoder(name string, content *model.Content) *encoder {
	e := &encoder{family: familyOf(name), content: called.Of(content, Name, Client{}.ToolNames()).Apply(content)}
	e.Foreign = content.Dialect != "" && content.Dialect != Name
	return e
}

// note says what of the request had to be left out.
func (e *encoder) note(what string) { e.notes = append(e.notes, what) }

// body writes the whole request.
func (e *encoder) body() {
	c := e.content
	system, turns := e.arrange(c.Messages)
	if f := c.Format; f != nil && f.Kind == "json" { // the API knows schemas alone
		system = append(system, placed{b: &model.Block{Kind: model.TextBlock,
			Text: "Answer with one JSON object and nothing else: no Markdown, no words before or after it."}})
	}
	e.thinking = e.think(turns)
	e.additional()
	e.trimPoints(system, turns)
	mark := e.Open()
	e.conversation(system, turns)
	e.inference(c)
	e.tools(c, turns)
	e.output(c)
	e.tier(c.ServiceTier)
	e.endUser(c.User)
	e.modelFields()
	e.Extra(c.Extra)
	e.Close(mark)
}

// conversation writes the fields that hold the prompt.
func (e *encoder) conversation(system []placed, turns []turn) {
	e.Array("messages")
	e.points = e.surplus.messages
	for i := range turns {
		e.turn(&turns[i], i == len(turns)-1)
	}
	e.EndArray()
	if e.points = e.surplus.system; len(system) > 0 {
		e.Array("system")
		for _, p := range system {
			e.block(p)
		}
		e.EndArray()
	}
}

// inference writes the limits and the sampling, within what is allowed.
func (e *encoder) inference(c *model.Content) {
	e.Key("inferenceConfig")
	mark := e.Open()
	if e.thinking.most > 0 {
		e.Whole("maxTokens", int64(e.thinking.most))
	} else if c.MaxTokens != nil {
		e.Whole("maxTokens", int64(max(1, *c.MaxTokens)))
	}
	e.sampling(c)
	var stop []string
	for _, s := range c.Stop {
		if strings.TrimSpace(s) != "" {
			stop = append(stop, s)
		} else {
			e.note("stop.blank")
		}
	}
	if stop != nil {
		e.Key("stopSequences")
		e.Strings(stop)
	}
	e.Close(mark)
}

// sampling writes temperature and top_p where the model takes them as things stand.
func (e *encoder) sampling(c *model.Content) {
	able, both := e.family.samples()
	able = able && e.thinking.kind == ""
	temperature, topP := c.Temperature, c.TopP
	if temperature != nil && !able {
		if temperature = nil; *c.Temperature != 1 {
			e.note("temperature")
		}
	}
	if topP != nil && (!able || temperature != nil && !both) {
		if topP = nil; *c.TopP != 1 {
			e.note("top_p")
		}
	}
	e.Number("temperature", e.within(temperature, "temperature"))
	e.Number("topP", e.within(topP, "top_p"))
}

// within brings a number into the range from 0 to 1, which is all that the API takes.
func (e *encoder) within(v *float64, name string) *float64 {
	if v == nil || *v >= 0 && *v <= 1 {
		return v
	}
	e.note(name + ".range")
	near := min(max(*v, 0), 1)
	return &near
}

// output writes how the answer should look and how hard to think of it.
func (e *encoder) output(c *model.Content) {
	shaped := c.Format != nil && c.Format.Kind == "schema"
	if !shaped && e.thinking.effort == "" {
		return
	}
	e.Key("outputConfig")
	mark := e.Open()
	e.TextIf("effort", e.thinking.effort)
	if shaped {
		e.format(c.Format)
	}
	e.Close(mark)
}

// format writes a schema of the answer; the API wants it as text.
func (e *encoder) format(f *model.Format) {
	e.Key("textFormat")
	outer := e.Open()
	e.Text("type", "json_schema")
	e.Key("structure")
	structure := e.Open()
	e.Key("jsonSchema")
	inner := e.Open()
	e.Text("schema", string(e.schema(f.Schema, schema.Anthropic, "format_schema")))
	name := f.Name
	if name == "" {
		name = "answer"
	}
	e.Text("name", name)
	e.TextIf("description", f.Description)
	e.Close(inner)
	e.Close(structure)
	e.Close(outer)
}

// tier writes the service tier, if it is one that Bedrock has; the usual one needs no word.
func (e *encoder) tier(tier string) {
	switch tier {
	case "", "auto", "standard":
	case "default", "flex", "priority", "reserved":
		e.Key("serviceTier")
		mark := e.Open()
		e.Text("type", tier)
		e.Close(mark)
	default:
		e.note("service_tier")
	}
}

// labelled is what the values of request metadata may be.
var labelled = regexp.MustCompile(`^[a-zA-Z0-9\s:_@$#=/+,\-.]{1,256}$`)

// endUser writes the caller's id of its end user where it comes back in the logs of invocations.
func (e *encoder) endUser(user string) {
	if user == "" {
		return
	}
	if !labelled.MatchString(user) {
		e.note("user")
		return
	}
	e.Key("requestMetadata")
	mark := e.Open()
	e.Text("user", user)
	if !e.Foreign {
		e.Members(e.content.Extra["requestMetadata"])
	}
	e.Close(mark)
}

// additional collects the fields of the model's maker, which the API passes on unread.
func (e *encoder) additional() {
	e.more = map[string]json.RawMessage{}
	if raw := e.content.Extra["additionalModelRequestFields"]; raw != nil && !e.Foreign {
		if json.Unmarshal(raw, &e.more) != nil {
			e.Err = object.Invalid("additionalModelRequestFields", object.Wrong("must be an object"))
			return
		}
	}
	for key, raw := range e.thinking.fields {
		e.more[key] = raw
	}
	e.topK()
}

func (e *encoder) topK() {
	k := e.content.TopK
	if k == nil {
		return
	}
	value := json.RawMessage(strconv.Itoa(*k))
	able, _ := e.family.samples()
	switch {
	case e.family.claude() && able && e.thinking.kind == "", e.family.maker == "mistral":
		e.more["top_k"] = value
	case e.family.maker == "nova":
		e.more["inferenceConfig"] = json.RawMessage(`{"topK":` + string(value) + `}`)
	case e.family.maker == "cohere":
		e.more["k"] = value
	default:
		e.note("top_k")
	}
}

// modelFields writes the fields of the model's maker, and asks for those of the answer that Retort knows what to do with.
func (e *encoder) modelFields() {
	if len(e.more) > 0 {
		e.Key("additionalModelRequestFields")
		mark := e.Open()
		e.Sorted(e.more)
		e.Close(mark)
	}
	if e.family.claude() && len(e.content.Stop) > 0 && (e.Foreign || e.content.Extra["additionalModelResponseFieldPaths"] == nil) {
		e.Key("additionalModelResponseFieldPaths")
		e.Strings([]string{"/stop_sequence"})
	}
}
