// What mails, forums and web pages do to a text that somebody pastes into them, undone.
#pragma once

#include <string>
#include <string_view>

namespace tcpwitness {

/// True where lines are quoted ("> 10:15:00 IP ...") or hold characters as HTML writes them ("&gt;", "&nbsp;", "&#8594;"), or blanks that are no-break
/// spaces; where HTML's tags stand between; and in a mail as it was sent (quoted-printable, base64).
bool is_marked_up(std::string_view utf8);

/// The text without all that. A tag at which a browser begins a new line begins one here; a mail's soft line breaks are undone.
std::string without_markup(std::string_view utf8);

}  // namespace tcpwitness
