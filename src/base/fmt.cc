// fmt's own functions, compiled here once: header-only they would be compiled in each of our files (a third of the build), and Debian has
// no static library of it.
#include <fmt/format-inl.h>

namespace fmt {
inline namespace v9 {
namespace detail {

// What <fmt/format.h> declares `extern template`, and the templates that its headers only declare.
template auto dragonbox::to_decimal(float) noexcept -> dragonbox::decimal_fp<float>;
template auto dragonbox::to_decimal(double) noexcept -> dragonbox::decimal_fp<double>;
template locale_ref::locale_ref(const std::locale&);
template auto locale_ref::get<std::locale>() const -> std::locale;
template auto thousands_sep_impl(locale_ref) -> thousands_sep_result<char>;
template auto decimal_point_impl(locale_ref) -> char;
template void buffer<char>::append(const char*, const char*);
template void vformat_to(buffer<char>&, string_view, basic_format_args<buffer_context<char>>, locale_ref);

}  // namespace detail
}  // namespace v9
}  // namespace fmt
