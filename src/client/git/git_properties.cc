#include "client/git/git_properties.h"

#include "base/text.h"
#include "client/git/git_url.h"

namespace muster::client {
namespace {

constexpr std::size_t kLongestValue = 1000;  // characters, far below what the server takes; nobody's branch

bool is_commit(std::string_view text) {
  return (text.size() == 40 || text.size() == 64) && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace

std::map<std::string, std::string> git_properties(const GitAnswers& answers) {
  std::map<std::string, std::string> properties;
  const auto add = [&](const char* azure, const char* mlflow, const std::string& value) {
    if (value.empty() || value.size() > kLongestValue) return;
    properties[azure] = properties[mlflow] = to_utf8(value);
  };
  if (answers.commit && is_commit(*answers.commit)) add("azureml.git.commit", "mlflow.source.git.commit", *answers.commit);
  if (answers.branch) add("azureml.git.branch", "mlflow.source.git.branch", *answers.branch);
  // Git names the remote it would ask even when there is none of that name.
  if (answers.address && *answers.address != "origin") {
    add("azureml.git.repository_uri", "mlflow.source.git.repoURL", without_credentials(*answers.address));
  }
  if (answers.changed) properties["azureml.git.dirty"] = *answers.changed ? "True" : "False";
  return properties;
}

}  // namespace muster::client
