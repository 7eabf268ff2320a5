"""Neural networks of finite size, every weight a variable."""
