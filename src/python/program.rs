//! Source text, parsed: positions, excerpts, and Python's words for syntax errors.

use super::scope::Scope;
use crate::error::{Error, Result};
use ruff_python_ast::token::TokenKind;
use ruff_python_ast::{Expr, ModModule, Parameters, Stmt, StmtFunctionDef};
use ruff_python_parser::{ParseError, ParseErrorType, ParseOptions, lexer};
use ruff_text_size::{Ranged, TextRange, TextSize};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

/// Sources of networks are some kilobytes; transformers' largest is near 200 KB.
const MAX_SOURCE: usize = 4 << 20;
/// CPython's own limit for parentheses.
const MAX_NESTING: usize = 200;
/// CPython's own limit for indentation.
const MAX_INDENT: usize = 100;
/// Operators in one expression; the parser and the evaluator recurse for each.
const MAX_CHAIN: usize = 600;

/// A source text with what was worked out about it.
#[derive(Debug)]
pub struct Unit {
    /// for locations: `model.py`
    pub filename: String,
    /// the text
    pub text: String,
    lines: Vec<usize>,
    codes: RefCell<HashMap<TextRange, Rc<Code>>>,
}

/// What a function runs.
#[derive(Debug)]
pub enum Body {
    /// statements of a `def`
    Statements(Vec<Stmt>),
    /// the expression of a `lambda`
    Expression(Box<Expr>),
}

/// A `def` or `lambda`, analysed once.
#[derive(Debug)]
pub struct Code {
    /// `<lambda>` for a lambda
    pub name: Rc<str>,
    /// its parameters
    pub parameters: Parameters,
    /// its body
    pub body: Body,
    /// its names
    pub scope: Rc<Scope>,
    /// for the traceback
    pub range: TextRange,
}

/// A parsed module.
#[derive(Clone, Debug)]
pub struct Program {
    /// the source
    pub unit: Rc<Unit>,
    /// its statements
    pub module: Rc<ModModule>,
}

impl Program {
    /// Parses a source; Python's SyntaxError with the line where it fails.
    pub fn parse(source: &str, filename: &str) -> Result<Self> {
        let unit = Unit::new(source, filename)?;
        let parsed = ruff_python_parser::parse_module(&unit.text).map_err(|e| unit.syntax_error(&e))?;
        Ok(Self { unit, module: Rc::new(parsed.into_syntax()) })
    }
}

impl Unit {
    /// Checks the sizes that bound the parser's recursion.
    pub fn new(source: &str, filename: &str) -> Result<Rc<Self>> {
        if source.len() > MAX_SOURCE {
            return Err(Error::too_large("the length of the source in bytes", source.len(), MAX_SOURCE));
        }
        let text = source.strip_prefix('\u{feff}').unwrap_or(source).to_owned();
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        let unit = Self { filename: filename.to_owned(), text, lines, codes: RefCell::default() };
        unit.check_depth()?;
        Ok(Rc::new(unit))
    }

    /// No source at all.
    pub fn empty() -> Self {
        Self { filename: String::new(), text: String::new(), lines: vec![0], codes: RefCell::default() }
    }

    /// One expression, as a `construct` argument is.
    pub fn expression(source: &str, filename: &str) -> Result<(Rc<Self>, Expr)> {
        let unit = Self::new(source.trim(), filename)?;
        let parsed = ruff_python_parser::parse_expression(&unit.text).map_err(|e| unit.syntax_error(&e))?;
        Ok((unit, *parsed.into_syntax().body))
    }

    /// The code of a `def`, analysed at its first execution.
    pub fn function(&self, def: &StmtFunctionDef) -> Rc<Code> {
        if let Some(code) = self.codes.borrow().get(&def.range) {
            return code.clone();
        }
        let code = Rc::new(Code {
            name: Rc::from(def.name.as_str()),
            parameters: (*def.parameters).clone(),
            scope: Rc::new(Scope::of_function(&def.parameters, &def.body)),
            body: Body::Statements(def.body.to_vec()),
            range: def.range,
        });
        self.codes.borrow_mut().insert(def.range, code.clone());
        code
    }

    /// The code of a `lambda`.
    pub fn lambda(&self, lambda: &ruff_python_ast::ExprLambda) -> Rc<Code> {
        if let Some(code) = self.codes.borrow().get(&lambda.range) {
            return code.clone();
        }
        let parameters = lambda.parameters.as_deref().cloned().unwrap_or_default();
        let code = Rc::new(Code {
            name: Rc::from("<lambda>"),
            scope: Rc::new(Scope::of_lambda(&parameters, &lambda.body)),
            parameters,
            body: Body::Expression(lambda.body.clone()),
            range: lambda.range,
        });
        self.codes.borrow_mut().insert(lambda.range, code.clone());
        code
    }

    /// Line and column, from 1.
    pub fn position(&self, at: TextSize) -> (u32, usize) {
        let at = at.to_usize();
        let line = self.lines.partition_point(|start| *start <= at).max(1);
        let start = self.lines.get(line - 1).copied().unwrap_or(0);
        let column = self.text.get(start..at).map_or(0, |before| before.chars().count());
        (u32::try_from(line).unwrap_or(u32::MAX), column + 1)
    }

    /// The line of a place.
    pub fn line(&self, at: TextSize) -> u32 {
        self.position(at).0
    }

    /// The source line, and below it carets from the column to `end` or the end of the line.
    pub fn excerpt(&self, line: u32, column: usize, end: TextSize) -> String {
        let text = self.text.lines().nth(line.saturating_sub(1) as usize).unwrap_or_default();
        let indent = text.chars().take_while(|c| c.is_whitespace()).count();
        let shown: String = text.chars().skip(indent).take(120).collect();
        let (end_line, end_column) = self.position(end);
        let last = if end_line == line { end_column } else { text.chars().count() + 1 };
        let start = column.saturating_sub(indent + 1).min(120);
        let width = last.saturating_sub(column).clamp(1, 120 - start.min(119));
        format!("    {shown}\n    {}{}", " ".repeat(start), "^".repeat(width))
    }

    fn syntax_error(&self, error: &ParseError) -> Error {
        if let Some((message, range)) = self.bracket_error() {
            let (line, column) = self.position(range.start());
            return Error::malformed(format!("SyntaxError: {message}"))
                .at(format!("{}:{line}", self.filename))
                .hint(self.excerpt(line, column, range.end()))
                .code("syntax");
        }
        let (line, column) = self.position(error.location.start());
        let (class, message) = self.wording(error);
        Error::malformed(format!("{class}: {message}"))
            .at(format!("{}:{line}", self.filename))
            .hint(self.excerpt(line, column, error.location.end()))
            .code("syntax")
    }

    /// CPython tells brackets that do not fit before anything else.
    fn bracket_error(&self) -> Option<(String, TextRange)> {
        let options = ParseOptions::from(ruff_python_parser::Mode::Module);
        let parsed = ruff_python_parser::parse_unchecked(&self.text, options);
        let mut open: Vec<(char, TextRange)> = Vec::new();
        for token in parsed.tokens() {
            let (opening, closing) = match token.kind() {
                TokenKind::Lpar => ('(', None),
                TokenKind::Lsqb => ('[', None),
                TokenKind::Lbrace => ('{', None),
                TokenKind::Rpar => ('(', Some(')')),
                TokenKind::Rsqb => ('[', Some(']')),
                TokenKind::Rbrace => ('{', Some('}')),
                _ => continue,
            };
            let Some(closing) = closing else {
                open.push((opening, token.range()));
                continue;
            };
            match open.pop() {
                None => return Some((format!("unmatched '{closing}'"), token.range())),
                Some((known, at)) if known != opening => {
                    let line = self.line(at.start());
                    let place = if line == self.line(token.range().start()) {
                        String::new()
                    } else {
                        format!(" on line {line}")
                    };
                    let text =
                        format!("closing parenthesis '{closing}' does not match opening parenthesis '{known}'{place}");
                    return Some((text, token.range()));
                }
                Some(_) => {}
            }
        }
        open.pop().map(|(bracket, range)| (format!("'{bracket}' was never closed"), range))
    }

    /// CPython's words, where they are known; the parser's otherwise.
    fn wording(&self, error: &ParseError) -> (&'static str, String) {
        let text = error.error.to_string();
        let syntax = |text: &str| ("SyntaxError", text.to_owned());
        match &error.error {
            ParseErrorType::ExpectedExpression | ParseErrorType::UnexpectedExpressionToken => syntax("invalid syntax"),
            ParseErrorType::UnexpectedIndentation => ("IndentationError", "unexpected indent".to_owned()),
            ParseErrorType::SimpleStatementsOnSameLine | ParseErrorType::SimpleAndCompoundStatementOnSameLine => {
                syntax("invalid syntax")
            }
            ParseErrorType::PositionalAfterKeywordArgument => syntax("positional argument follows keyword argument"),
            ParseErrorType::NonDefaultParamAfterDefaultParam => syntax("non-default argument follows default argument"),
            ParseErrorType::InvalidAssignmentTarget => {
                syntax("cannot assign to expression here. Maybe you meant '==' instead of '='?")
            }
            ParseErrorType::ExpectedToken { expected, .. } => match expected {
                TokenKind::Colon => syntax("expected ':'"),
                TokenKind::Rpar => syntax("'(' was never closed"),
                TokenKind::Rsqb => syntax("'[' was never closed"),
                TokenKind::Rbrace => syntax("'{' was never closed"),
                _ => syntax("invalid syntax"),
            },
            ParseErrorType::OtherError(text) if text.starts_with("Expected an indented block") => {
                ("IndentationError", text.replacen("Expected", "expected", 1))
            }
            ParseErrorType::Lexical(_) if text.contains("indentation") || text.contains("unindent") => {
                ("IndentationError", "unindent does not match any outer indentation level".to_owned())
            }
            ParseErrorType::Lexical(_) if text.contains("unexpected EOF") => syntax("unexpected EOF while parsing"),
            ParseErrorType::Lexical(_) if text.contains("missing closing quote") => {
                let line = self.line(error.location.start());
                syntax(&format!("unterminated string literal (detected at line {line})"))
            }
            _ => syntax(&text),
        }
    }

    /// The parser and the evaluator recurse; what makes them recurse is counted before they run.
    fn check_depth(&self) -> Result<()> {
        let too_deep = |what: &str, limit: usize| {
            Err(Error::too_large(what, format!("over {limit}"), limit).at(self.filename.clone()))
        };
        let mut chains = vec![0usize];
        let mut indent = 0usize;
        let mut lexed = lexer::lex(&self.text, ruff_python_parser::Mode::Module);
        loop {
            let kind = lexed.next_token();
            match kind {
                TokenKind::EndOfFile => return Ok(()),
                TokenKind::Indent => indent += 1,
                TokenKind::Dedent => indent = indent.saturating_sub(1),
                TokenKind::Newline => chains = vec![0],
                TokenKind::Comma | TokenKind::Semi => {
                    if let Some(chain) = chains.last_mut() {
                        *chain = 0;
                    }
                }
                TokenKind::Lpar | TokenKind::Lsqb | TokenKind::Lbrace | TokenKind::FStringStart => chains.push(0),
                TokenKind::Rpar | TokenKind::Rsqb | TokenKind::Rbrace | TokenKind::FStringEnd => {
                    if chains.len() > 1 {
                        chains.pop();
                    }
                    if let Some(chain) = chains.last_mut() {
                        *chain += 1;
                    }
                }
                TokenKind::Name
                | TokenKind::Int
                | TokenKind::Float
                | TokenKind::String
                | TokenKind::NonLogicalNewline
                | TokenKind::Comment
                | TokenKind::FStringMiddle => {}
                _ => {
                    if let Some(chain) = chains.last_mut() {
                        *chain += 1;
                    }
                }
            }
            if chains.len() > MAX_NESTING {
                return too_deep("the nesting of parentheses", MAX_NESTING);
            }
            if indent > MAX_INDENT {
                return too_deep("the number of indentation levels", MAX_INDENT);
            }
            if chains.last().is_some_and(|chain| *chain > MAX_CHAIN) {
                return too_deep("the number of operators in one expression", MAX_CHAIN);
            }
        }
    }
}

/// The place of a syntax tree's node.
pub fn place(unit: &Rc<Unit>, node: &impl Ranged) -> (Rc<Unit>, TextRange) {
    (unit.clone(), node.range())
}
