#include "api/run_filter.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "base/text.h"
#include "model/run_status.h"

namespace muster::api {
namespace {

constexpr std::string_view kSigns = ":=<>!";

/// One term: a name, and perhaps a sign and a value.
struct Term {
  std::string text;  ///< as it was typed
  std::string name;
  std::string sign;  ///< "" when the name stands alone
  std::string value;
  bool quoted_name = false;  ///< from its beginning on, so that no word of ours is meant
};

tl::unexpected<Error> wrong(const Term& term, std::string_view detail, std::string hint = {}) {
  return fail_hint(Code::invalid, std::move(hint), "`filter`: '{}' {}", to_utf8(term.text.substr(0, 80)), detail);
}

class TermReader {
 public:
  explicit TermReader(std::string_view text) : text_(text) {}

  Result<std::vector<Term>> read() {
    std::vector<Term> terms;
    while (skip_blanks()) {
      const std::size_t begin = at_;
      Term term;
      term.quoted_name = text_[at_] == '"';
      MUSTER_TRY_ASSIGN(term.name, word(kSigns));
      if (at_ < text_.size() && kSigns.find(text_[at_]) != std::string_view::npos) {
        term.sign = text_[at_++];
        if (at_ < text_.size() && text_[at_] == '=' && term.sign != "=" && term.sign != ":") term.sign += text_[at_++];
        MUSTER_TRY_ASSIGN(term.value, word(""));
      }
      term.text = text_.substr(begin, at_ - begin);
      if (term.sign == "!") return wrong(term, "has a sign that is none: it is !=");
      if (!term.sign.empty() && term.name.empty()) return wrong(term, "has no name in front of its sign");
      terms.push_back(std::move(term));
    }
    return terms;
  }

 private:
  bool skip_blanks() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
    return at_ < text_.size();
  }

  /// Up to a blank or one of `ends`; of what stands in quotes nothing ends it.
  Result<std::string> word(std::string_view ends) {
    std::string read;
    while (at_ < text_.size() && text_[at_] != ' ' && ends.find(text_[at_]) == std::string_view::npos) {
      if (text_[at_] != '"') {
        read += text_[at_++];
        continue;
      }
      const std::size_t begin = at_++;
      while (at_ < text_.size() && text_[at_] != '"') {
        if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
        read += text_[at_++];
      }
      if (at_ == text_.size()) {
        return fail_hint(Code::invalid, R"(a quote inside a value is written as \")", "`filter`: the quote before '{}' has no end",
                         to_utf8(text_.substr(begin + 1, 40)));
      }
      ++at_;
    }
    return read;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

/// The status as it is spelled, however it was typed; what is none is the query's to refuse.
std::string spelled_status(const std::string& typed) {
  for (int status = 0; status <= static_cast<int>(model::RunStatus::canceled); ++status) {
    const std::string name(model::to_string(static_cast<model::RunStatus>(status)));
    const auto same = [](char a, char b) { return (a | 0x20) == (b | 0x20); };
    if (std::equal(name.begin(), name.end(), typed.begin(), typed.end(), same)) return name;
  }
  return typed;
}

/// A day alone is its beginning, in UTC.
std::string whole_time(const std::string& typed) { return typed.size() == 10 ? typed + "T00:00:00Z" : typed; }

Result<std::pair<std::string, std::string>> named_field(const Term& term) {
  static const std::map<std::string_view, std::string_view> kFields{{"status", "status"}, {"experiment", "experiment"},
                                                                    {"kind", "kind"},     {"parent", "parent_run_id"},
                                                                    {"name", "name"},     {"lifecycle", "lifecycle"}};
  const auto field = kFields.find(term.name);
  if (field == kFields.end()) {
    std::vector<std::string> names;
    for (const auto& [name, _] : kFields) names.emplace_back(name);
    return wrong(term, "names no field", "there are " + join(names, ", ") + ", created, tag.KEY, param.NAME and metric.NAME");
  }
  if (term.value.empty()) return wrong(term, "has no value");
  return std::pair<std::string, std::string>{field->second, term.name == "status" ? spelled_status(term.value) : term.value};
}

/// Of "tag.x" with "tag" what comes after the point.
std::optional<std::string> below(const Term& term, std::string_view kind) {
  if (term.quoted_name || !term.name.starts_with(kind) || term.name.substr(kind.size(), 1) != ".") return std::nullopt;
  return term.name.substr(kind.size() + 1);
}

/// The list's own words split a name from its value at the first sign, so that no name may have one.
Result<std::pair<std::string, std::string>> condition(const Term& term, const char* field, const std::string& name) {
  if (name.empty()) return wrong(term, "has no name");
  const std::string_view signs = field == std::string_view("tag") ? "=" : "=<>!";
  if (name.find_first_of(signs) != std::string::npos) return wrong(term, "has a name with a sign in it, which cannot be asked for");
  return std::pair<std::string, std::string>{field, name + term.sign + term.value};
}

Result<std::pair<std::string, std::string>> field_of(const Term& term) {
  if (const auto tag = below(term, "tag")) {
    if (!term.sign.empty() && term.sign != "=") return wrong(term, "compares a tag by something else than =");
    return condition(term, "tag", *tag);
  }
  for (const char* kind : {"param", "metric"}) {
    if (const auto name = below(term, kind)) {
      if (term.sign == ":") return wrong(term, "compares by `:`; a parameter or metric takes =, !=, <, <=, > and >=");
      return condition(term, kind == std::string_view("param") ? "parameter" : "metric", *name);
    }
  }
  if (term.sign.empty()) {
    if (term.name.empty()) return wrong(term, "says nothing");
    return std::pair<std::string, std::string>{"name", "*" + term.name + "*"};
  }
  if (!term.quoted_name && term.name == "created") {
    if (term.sign == ">=") return std::pair<std::string, std::string>{"created_from", whole_time(term.value)};
    if (term.sign == "<") return std::pair<std::string, std::string>{"created_before", whole_time(term.value)};
    return wrong(term, "compares a time by something else than >= and <");
  }
  if (term.sign == ":") return named_field(term);
  return condition(term, "metric", term.name);
}

}  // namespace

Result<std::multimap<std::string, std::string>> query_of_filter(std::string_view filter) {
  if (filter.size() > kLongestFilter)
    return fail(Code::invalid, "`filter` has {} bytes; at most {} are taken", filter.size(), kLongestFilter);
  MUSTER_TRY_ASSIGN(const std::vector<Term> terms, TermReader(filter).read());
  std::multimap<std::string, std::string> query;
  for (const Term& term : terms) {
    MUSTER_TRY_ASSIGN(auto field, field_of(term));
    query.insert(std::move(field));
  }
  return query;
}

}  // namespace muster::api
