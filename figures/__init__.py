"""One module for each published figure; `ruggedflow figure --list` names them."""
