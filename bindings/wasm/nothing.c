/* A page's module of nothing, to see whether clang can link one. */
