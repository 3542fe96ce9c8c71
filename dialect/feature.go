// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package dialect

// Level says what becomes of a feature in a dialect.
type Level uint8

// The levels, from nothing to all.
const (
	Dropped Level = iota // the dialect cannot say it: it is left out, and the answer's Retort-Dropped header names it
	Mapped               // it is said in other words, and what matters of it survives
	Native               // the dialect has a field for it, and nothing of it is lost
)

// String returns "dropped", "mapped" or "native".
func (l Level) String() string {
	switch l {
	case Native:
		return "native"
	case Mapped:
		return "mapped"
	}
	return "dropped"
}

// Table says what becomes of each feature in a dialect; one that is missing is Dropped.
type Table map[Feature]Level

// Feature is something that a request can ask or an answer can hold. Its name is what the Retort-Dropped header says.
type Feature string

// The features of requests.
const (
	Text            Feature = "text"
	SystemText      Feature = "system"
	SystemMidway    Feature = "system_midway"
	SpeakerName     Feature = "name"
	ImageData       Feature = "image_data"
	ImageURL        Feature = "image_url"
	ImageFile       Feature = "image_file"
	ImageDetail     Feature = "image_detail"
	AudioData       Feature = "audio_data"
	AudioURL        Feature = "audio_url"
	VideoData       Feature = "video_data"
	VideoURL        Feature = "video_url"
	DocumentData    Feature = "document_data"
	DocumentURL     Feature = "document_url"
	DocumentFile    Feature = "document_file"
	Tools           Feature = "tools"
	ToolStrict      Feature = "tool_strict"
	ToolFreeform    Feature = "tool_freeform"
	ToolNamespace   Feature = "tool_namespace"
	ToolChoice      Feature = "tool_choice"
	ToolAllowed     Feature = "tool_choice_allowed"
	ParallelTools   Feature = "parallel_tools"
	ToolCalls       Feature = "tool_calls"
	ToolResults     Feature = "tool_results"
	ToolFailed      Feature = "tool_failed"
	ToolMedia       Feature = "tool_media"
	PastReasoning   Feature = "past_reasoning"
	Seals           Feature = "reasoning_seal"
	PastRefusal     Feature = "past_refusal"
	PastCitations   Feature = "past_citations"
	Effort          Feature = "effort"
	ReasoningMode   Feature = "reasoning_mode"
	ReasoningBudget Feature = "reasoning_budget"
	ReasoningShown  Feature = "reasoning_summary"
	CacheMarks      Feature = "cache_marks"
	CacheKey        Feature = "cache_key"
	JSONFormat      Feature = "format_json"
	SchemaFormat    Feature = "format_schema"
	MaxTokens       Feature = "max_tokens"
	Temperature     Feature = "temperature"
	TopP            Feature = "top_p"
	TopK            Feature = "top_k"
	FrequencyPen    Feature = "frequency_penalty"
	PresencePen     Feature = "presence_penalty"
	Seed            Feature = "seed"
	StopSequences   Feature = "stop"
	ManyAnswers     Feature = "n"
	Logprobs        Feature = "logprobs"
	ServiceTier     Feature = "service_tier"
	Verbosity       Feature = "verbosity"
	EndUser         Feature = "user"
)

// The features of answers.
const (
	AnswerReasoning Feature = "answer_reasoning"
	AnswerSeals     Feature = "answer_seal"
	AnswerRefusal   Feature = "answer_refusal"
	AnswerCitations Feature = "answer_citations"
	AnswerMedia     Feature = "answer_media"
	AnswerLogprobs  Feature = "answer_logprobs"
	AnswerStopText  Feature = "answer_stop_sequence"
	AnswerTier      Feature = "answer_service_tier"
	AnswerOrder     Feature = "answer_order"
	UsageCached     Feature = "usage_cached"
	UsageWritten    Feature = "usage_cache_written"
	UsageReasoning  Feature = "usage_reasoning"
)

// Described is a feature with a line for people.
type Described struct {
	Feature Feature
	Doc     string
	Answer  bool // it is one of answers, not of requests
}

// Features returns all features in the order in which tables show them.
func Features() []Described {
	return []Described{
		{Text, "text of users and assistants", false},
		{SystemText, "instructions at the start", false},
		{SystemMidway, "instructions between later messages", false},
		{SpeakerName, "names of speakers", false},
		{ImageData, "images in the request", false},
		{ImageURL, "images by URL", false},
		{ImageFile, "images by the upstream's file id", false},
		{ImageDetail, "the resolution to look at images with", false},
		{AudioData, "sound in the request", false},
		{AudioURL, "sound by URL", false},
		{VideoData, "video in the request", false},
		{VideoURL, "video by URL", false},
		{DocumentData, "documents in the request", false},
		{DocumentURL, "documents by URL", false},
		{DocumentFile, "documents by the upstream's file id", false},
		{Tools, "functions that the model may call", false},
		{ToolStrict, "arguments held to their schema", false},
		{ToolFreeform, "tools that take plain text, with or without a grammar", false},
		{ToolNamespace, "tools in named groups", false},
		{ToolChoice, "which tool must be called, if any", false},
		{ToolAllowed, "a choice among some of the tools", false},
		{ParallelTools, "whether several tools may be called at once", false},
		{ToolCalls, "calls of tools in earlier turns", false},
		{ToolResults, "results of tools", false},
		{ToolFailed, "that a tool failed", false},
		{ToolMedia, "images and documents as results of tools", false},
		{PastReasoning, "reasoning of earlier turns", false},
		{Seals, "signatures and hidden reasoning that the upstream wants back", false},
		{PastRefusal, "refusals of earlier turns", false},
		{PastCitations, "citations of earlier turns", false},
		{Effort, "how hard to think", false},
		{ReasoningMode, "whether to think", false},
		{ReasoningBudget, "how many tokens to think with", false},
		{ReasoningShown, "how much of the reasoning to show", false},
		{CacheMarks, "marks up to which the prompt should be cached", false},
		{CacheKey, "which requests share a prompt cache", false},
		{JSONFormat, "an answer that is a JSON object", false},
		{SchemaFormat, "an answer that meets a JSON Schema", false},
		{MaxTokens, "a limit to the answer's length", false},
		{Temperature, "sampling temperature", false},
		{TopP, "nucleus sampling", false},
		{TopK, "sampling among the likeliest", false},
		{FrequencyPen, "frequency penalty", false},
		{PresencePen, "presence penalty", false},
		{Seed, "a seed of the sampling", false},
		{StopSequences, "texts that end the answer", false},
		{ManyAnswers, "several answers at once", false},
		{Logprobs, "a wish for log-probabilities", false},
		{ServiceTier, "service tier", false},
		{Verbosity, "how long-winded to be", false},
		{EndUser, "the caller's id of its end user", false},
		{AnswerReasoning, "reasoning", true},
		{AnswerSeals, "signatures and hidden reasoning", true},
		{AnswerRefusal, "refusals, told from text", true},
		{AnswerCitations, "citations", true},
		{AnswerMedia, "images and sound that the model made", true},
		{AnswerLogprobs, "log-probabilities", true},
		{AnswerStopText, "which stop sequence was met", true},
		{AnswerTier, "the service tier that answered", true},
		{AnswerOrder, "the order of text, reasoning and tool calls", true},
		{UsageCached, "input tokens read from a cache", true},
		{UsageWritten, "input tokens written to a cache", true},
		{UsageReasoning, "output tokens spent on reasoning", true},
	}
}
